/**
 * Names that Azure refuses for a machine's administrator, as the reference of `osProfile.adminUsername` has them under
 * "Disallowed values": https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update#osprofile
 */
const disallowed = new Set(
  (
    "administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet backup console " +
    "david guest john owner root server sql support support_388945a0 sys test2 test3 user4 user5"
  ).split(" "),
);

export const isDisallowedAdmin = (name: string): boolean => disallowed.has(name.toLowerCase());

/** For the test that holds them against the SDK's reference. */
export const disallowedAdmins: readonly string[] = [...disallowed];
