/** Names of accounts that a machine cannot be given once more. Pure. */

/**
 * Names that Azure refuses for the administrator of a machine.
 * https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update#osprofile
 */
export const refusedByAzure: readonly string[] = [
  "1", "123", "a", "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet", "backup", "console",
  "david", "guest", "john", "owner", "root", "server", "sql", "support", "support_388945a0", "sys", "test", "test1",
  "test2", "test3", "user", "user1", "user2", "user3", "user4", "user5",
];

/** Accounts of Debian 13 and of the packages that our roles install. Who has the same name would share one. */
export const systemAccounts: readonly string[] = [
  "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup",
  "list", "irc", "_apt", "nobody", "systemd-network", "systemd-resolve", "systemd-timesync", "messagebus", "dhcpcd",
  "polkitd", "sshd", "_chrony", "haproxy", "postgres",
];
