"""`fluoro role` against `fluoro serve`, checked with boto3's IAM client."""

import json
import os
import subprocess
import unittest

import boto3
from botocore.config import Config

from functions import TRUST
from server import FLUORO, PATIENCE, REGION, Server, surroundings

TABLES = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/größe & <x>"}]}
XRAY = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


class RoleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Server())

    def setUp(self):
        self.iam = boto3.client(
            "iam", endpoint_url=self.server.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(retries={"total_max_attempts": 1}))

    def run_role(self, *arguments, endpoint=None):
        return subprocess.run(
            [FLUORO, "role", *arguments, "--endpoint", endpoint or self.server.url], env=surroundings(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)

    def role(self, *arguments):
        done = self.run_role(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def refused(self, *arguments, code=1, **options):
        done = self.run_role(*arguments, **options)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def file(self, content):
        path = os.path.join(self.server.folder.name, "document.json")
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def attached(self, name):
        return [policy["PolicyArn"] for policy in self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]

    def test_a_role_is_made_for_lambda_with_its_policies(self):
        arn = self.role(
            "create", "orders", "--policy", "AWSXRayDaemonWriteAccess", "--policy",
            "service-role/AWSLambdaBasicExecutionRole").strip()
        role = self.iam.get_role(RoleName="orders")["Role"]
        self.assertEqual(role["Arn"], arn)
        self.assertEqual(role["AssumeRolePolicyDocument"], json.loads(TRUST))
        self.assertEqual(set(self.attached("orders")), {
            XRAY, "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"})

    def test_a_trust_policy_comes_from_a_file(self):
        trust = TRUST.replace("lambda", "events")
        shown = json.loads(self.role("create", "events", "--trust", self.file(trust), "--json"))
        self.assertEqual(shown["Role"]["AssumeRolePolicyDocument"], json.loads(trust))
        self.assertEqual(self.iam.get_role(RoleName="events")["Role"]["AssumeRolePolicyDocument"], json.loads(trust))

    def test_policies_come_and_go(self):
        self.role("create", "changing")
        self.role("attach", "changing", "AWSXRayDaemonWriteAccess")
        own = self.iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(TABLES))["Policy"]["Arn"]
        self.role("attach", "changing", "own")
        self.assertEqual(set(self.attached("changing")), {XRAY, own})
        self.role("put-policy", "changing", "tables", "--document", self.file(json.dumps(TABLES, ensure_ascii=False)))
        self.assertEqual(
            self.iam.get_role_policy(RoleName="changing", PolicyName="tables")["PolicyDocument"], TABLES)

        text = self.role("show", "changing")
        for part in (XRAY, own, "own policy tables", "größe & <x>", "lambda.amazonaws.com"):
            self.assertIn(part, text)
        shown = json.loads(self.role("show", "changing", "--json"))
        self.assertEqual(shown["RolePolicies"], [{"PolicyName": "tables", "PolicyDocument": TABLES}])
        self.assertEqual({policy["PolicyArn"] for policy in shown["AttachedPolicies"]}, {XRAY, own})
        self.assertEqual(shown["Role"]["MaxSessionDuration"], 3600)

        self.assertIs(shown["AllowsTracing"], True)

        self.assertIn("DeleteConflict", self.refused("delete", "changing"))
        self.role("detach", "changing", XRAY)
        self.role("detach", "changing", "own")
        self.assertIn("does not allow xray:PutTraceSegments", self.role("show", "changing"))
        self.role("delete-policy", "changing", "tables")
        self.role("delete", "changing")
        self.assertNotIn("changing", self.role("list"))

    def test_all_roles_are_listed_however_many(self):
        for number in range(120):
            self.iam.create_role(
                RoleName=f"many-{number:03}", AssumeRolePolicyDocument=TRUST, Description="a <b> & c")
        listed = json.loads(self.role("list", "--json"))["Roles"]
        many = [role for role in listed if role["RoleName"].startswith("many-")]
        self.assertEqual(len(many), 120)
        self.assertEqual({role["Description"] for role in many}, {"a <b> & c"})
        self.assertEqual(self.role("list").count("many-"), 240)

    def test_what_does_not_work_is_said_clearly(self):
        self.assertIn("NoSuchEntity", self.refused("show", "nobody"))
        self.assertIn("there is no policy Nothing", self.refused("create", "bare", "--policy", "Nothing"))
        # It was not made without its policy.
        self.assertIn("NoSuchEntity", self.refused("show", "bare"))
        self.role("create", "twice")
        self.assertIn("EntityAlreadyExists", self.refused("create", "twice"))
        self.assertIn("MalformedPolicyDocument", self.refused(
            "put-policy", "twice", "bad", "--document", self.file('{"Statement": 1}')))
        self.assertIn("is not UTF-8", self.refused("put-policy", "twice", "bad", "--document", self.file(b"\xff")))
        self.assertIn("cannot read", self.refused("create", "x", "--trust", "/nowhere/trust.json", code=3))
        self.assertIn("fluoro serve", self.refused("list", endpoint="http://127.0.0.1:1", code=3))


if __name__ == "__main__":
    unittest.main()
