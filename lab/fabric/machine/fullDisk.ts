/**
 * A full disk. The machine's disk is a directory of the host, which must not be filled; so over the folders that
 * services write to lies an overlay whose upper layer is a small file system in memory, and full.
 *
 * As on a full disk, what is there can be read, a file can be made (there are inodes left), and writing to it, or to
 * one that exists, ends with ENOSPC. Not as on a full disk: files that were open before are written to as ever; a file
 * cannot be opened for writing even where nothing would be added to it (so PostgreSQL can open no table); deleting
 * frees nothing; and what was made or deleted meanwhile is undone when the disk is freed.
 */
import { runInMachine } from "./shell.ts";

/** Where a machine's services keep what they write. */
const folders = ["/etc", "/home", "/opt", "/root", "/srv", "/var"];

const layer = "/run/lab-full";

/**
 * Run in the machine's mount namespace: its mounts end with the machine. Gives up, and takes back, what fails half-way.
 */
const fillScript = `
set -eu
if mountpoint -q ${layer}; then echo 'its disk is full already' >&2; exit 1; fi
mkdir -p ${layer}
mount -t tmpfs -o size=512k,nr_inodes=10000,mode=700 lab-full ${layer}
mounted=
trap '[ $? = 0 ] || umount -l $mounted ${layer}' EXIT
for folder in ${folders.join(" ")}; do
  mkdir -p ${layer}$folder/upper ${layer}$folder/work
  mount -t overlay -o "lowerdir=$folder,upperdir=${layer}$folder/upper,workdir=${layer}$folder/work" lab-full $folder
  mounted="$folder $mounted"
done
cat /dev/zero >${layer}/fill 2>/dev/null || true
`;

/**
 * Does nothing where the disk is not full. A file that was opened on the full disk can still be written to, to no
 * effect.
 */
const freeScript = `
set -eu
mountpoint -q ${layer} || exit 0
rm -f ${layer}/fill
for folder in ${folders.join(" ")}; do
  while [ "$(findmnt -n -o SOURCE $folder)" = lab-full ]; do umount -l $folder; done
done
umount -l ${layer}
`;

/** Fills the disk of the machine whose init is given, as the host knows it, or frees it. */
export async function fillDisk(init: number, full: boolean): Promise<void> {
  await runInMachine(init, ["mount", "pid"], full ? fillScript : freeScript);
}
