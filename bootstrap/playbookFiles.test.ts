import { expect, test } from "vitest";
import { filesOfPlaybook } from "./playbookFiles.ts";
import { treeOf } from "./testing/tree.ts";

const paths = (files: Record<string, string>, playbook = "playbooks/front.yml") =>
  filesOfPlaybook(treeOf(files), playbook).map(({ path }) => path);

const play = (rest: string) => `- hosts: front\n${rest}`;

test("a playbook needs its roles, however they are written", () => {
  expect(
    paths({
      "playbooks/front.yml": play("  roles: [a, {role: b}, {name: c}]\n"),
      "roles/a/tasks/main.yml": "",
      "roles/b/tasks/main.yml": "",
      "roles/c/templates/x.j2": "",
      "roles/d/tasks/main.yml": "",
    }),
  ).toEqual(["playbooks/front.yml", "roles/a/tasks/main.yml", "roles/b/tasks/main.yml", "roles/c/templates/x.j2"]);
});

test("roles that other roles depend on or include come along, in circles too", () => {
  expect(
    paths({
      "playbooks/front.yml": play("  roles: [a]\n"),
      "roles/a/meta/main.yml": "dependencies: [{role: b}]\n",
      "roles/b/tasks/main.yml": "- block:\n    - ansible.builtin.include_role: {name: c}\n",
      "roles/c/handlers/main.yml": "- import_role: {name: a}\n",
    }),
  ).toEqual(expect.arrayContaining(["roles/a/meta/main.yml", "roles/c/handlers/main.yml"]));
});

test("task and variable files that a playbook includes come along, and what those include", () => {
  expect(
    paths({
      "playbooks/front.yml": play(
        "  vars_files: [vars/a.yml]\n  tasks:\n    - ansible.builtin.import_tasks: tasks/one.yml\n",
      ),
      "playbooks/tasks/one.yml": "- ansible.builtin.include_tasks: {file: two.yml}\n",
      "playbooks/tasks/two.yml": "- ansible.builtin.debug: {}\n",
      "playbooks/vars/a.yml": "x: 1\n",
      "playbooks/tasks/three.yml": "",
    }),
  ).toEqual(["playbooks/front.yml", "playbooks/tasks/one.yml", "playbooks/tasks/two.yml", "playbooks/vars/a.yml"]);
});

test("what a machine does not need for itself stays behind", () => {
  expect(
    paths({
      "playbooks/front.yml": play("  roles: [a]\n"),
      "roles/a/README.md": "",
      "roles/a/meta/argument_specs.yml": "",
      "roles/a/tests/x.yml": "",
      "roles/a/meta/main.yml": "galaxy_info: {}\ndependencies: []\n",
      "roles/a/defaults/main.yml": "roles: [no-role]\n",
    }),
  ).toEqual(["playbooks/front.yml", "roles/a/defaults/main.yml"]);
});

test("tags of Ansible's own do not stop the reading", () => {
  expect(
    paths({
      "playbooks/front.yml": play(
        "  vars:\n    a: !unsafe '{{ x }}'\n    b: !vault |\n      $ANSIBLE_VAULT\n  roles: [a]\n",
      ),
      "roles/a/tasks/main.yml": "- debug: {msg: !unsafe [1, 2]}\n",
    }),
  ).toContain("roles/a/tasks/main.yml");
});

test("a role or file that is missing, named by a variable or no YAML is refused with where it is named", () => {
  expect(() => paths({ "playbooks/front.yml": play("  roles: [gone]\n") })).toThrow(
    "playbooks/front.yml names role gone, which is not in ansible/roles/",
  );
  expect(() => paths({}, "playbooks/video.yml")).toThrow("playbooks/video.yml, which is not in ansible/");
  expect(() => paths({ "playbooks/front.yml": play("  tasks: [{include_role: {name: '{{ x }}'}}]\n") })).toThrow(
    'ansible/playbooks/front.yml names "{{ x }}"',
  );
  expect(() => paths({ "playbooks/front.yml": "- hosts: [" })).toThrow("ansible/playbooks/front.yml is no YAML");
});
