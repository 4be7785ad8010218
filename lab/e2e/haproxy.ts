/** What programs that run on a balancer, as root, say to HAProxy. */

/** The beginning of a program in Python: a command and its answer, and all rows of the statistics. */
export const haproxyInPython = `
import csv, socket

def control(command):
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect("/run/haproxy/admin.sock")
        admin.sendall(command.encode() + b"\\n")
        return admin.makefile().read()

def statistics():
    return list(csv.DictReader(control("show stat").splitlines()))
`;
