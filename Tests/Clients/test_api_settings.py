"""What boto3 sets - groups, rules, policies, tags, switches - has effect, has bounds, and outlives a SIGKILL."""

import json
import unittest
import uuid

from documents import now, order, put, trace_id
from server import Server, eventually

RULE = {
    "RuleName": "half", "ResourceARN": "*", "Priority": 10, "FixedRate": 0.5, "ReservoirSize": 2, "ServiceName": "shop",
    "ServiceType": "*", "Host": "*", "HTTPMethod": "GET", "URLPath": "/buy/*", "Version": 1}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "xray:PutTraceSegments",
     "Resource": "*"}]})


class SettingsTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())
        self.xray = self.server.client()

    def refused(self, kind, call, **parameters):
        with self.assertRaises(getattr(self.xray.exceptions, kind)) as refusal:
            call(**parameters)
        error = refusal.exception.response
        status = 404 if kind == "ResourceNotFoundException" else 400
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertTrue(error["Error"]["Message"])
        return error

    def invalid(self, call, **parameters):
        return self.refused("InvalidRequestException", call, **parameters)

    def restart(self):
        self.server.restart()
        self.xray = self.server.client()


class GroupsTest(SettingsTest):
    def test_groups_are_made_changed_and_deleted(self):
        create = self.xray.create_group
        insights = {"InsightsEnabled": True, "NotificationsEnabled": False}
        group = create(GroupName="slow", FilterExpression="responsetime > 5", InsightsConfiguration=insights)["Group"]
        self.assertRegex(group["GroupARN"], r"^arn:aws:xray:[a-z0-9-]+:\d{12}:group/slow/[A-Z0-9]+$")
        self.assertEqual((group["FilterExpression"], group["InsightsConfiguration"]), ("responsetime > 5", insights))
        by_arn = {"GroupARN": group["GroupARN"]}
        self.assertEqual(self.xray.get_group(GroupName="slow")["Group"], self.xray.get_group(**by_arn)["Group"])
        changed = self.xray.update_group(FilterExpression="responsetime > 6", **by_arn)["Group"]
        self.assertEqual(changed, group | {"FilterExpression": "responsetime > 6"})
        pages = self.xray.get_paginator("get_groups").paginate()
        names = [group["GroupName"] for page in pages for group in page["Groups"]]
        self.assertEqual(names, ["Default", "slow"])
        self.xray.delete_group(GroupName="slow")
        self.invalid(self.xray.get_group, GroupName="slow")
        self.invalid(self.xray.delete_group, GroupName="slow")

    def test_groups_that_break_the_rules_are_refused(self):
        create = self.xray.create_group
        create(GroupName="slow", FilterExpression="responsetime > 5")
        both = {"GroupName": "slow", "GroupARN": self.xray.get_group(GroupName="slow")["Group"]["GroupARN"]}
        for parameters in [
            {"GroupName": "slow", "FilterExpression": "fault"}, {"GroupName": "Default", "FilterExpression": "fault"},
            {"GroupName": "a b", "FilterExpression": "fault"}, {"GroupName": "a/b", "FilterExpression": "fault"},
            {"GroupName": "x", "FilterExpression": "fault and ("}, {"GroupName": "x", "FilterExpression": ""},
            {"GroupName": "x", "FilterExpression": "fault", "InsightsConfiguration":
                {"InsightsEnabled": False, "NotificationsEnabled": True}}]:
            with self.subTest(parameters):
                self.invalid(create, **parameters)
        for call in (self.xray.get_group, self.xray.update_group, self.xray.delete_group):
            self.invalid(call)
            self.invalid(call, **both)
        self.invalid(self.xray.delete_group, GroupName="Default")
        self.assertEqual(len(self.xray.get_groups()["Groups"]), 2)

    def test_there_are_twenty_five_groups_with_the_default(self):
        for index in range(24):
            self.xray.create_group(GroupName=f"g{index}", FilterExpression="fault")
        self.invalid(self.xray.create_group, GroupName="g24", FilterExpression="fault")
        self.assertEqual(len(self.xray.get_groups()["Groups"]), 25)


class RulesTest(SettingsTest):
    def rules(self):
        pages = self.xray.get_paginator("get_sampling_rules").paginate()
        return [record["SamplingRule"] for page in pages for record in page["SamplingRuleRecords"]]

    def test_rules_are_made_changed_and_deleted(self):
        [default] = self.rules()
        self.assertEqual((default["RuleName"], default["ReservoirSize"], default["FixedRate"]), ("Default", 1, 0.05))
        wanted = RULE | {"Attributes": {"tier": "gold"}}
        record = self.xray.create_sampling_rule(SamplingRule=wanted)["SamplingRuleRecord"]
        rule = record["SamplingRule"]
        self.assertEqual({name: rule[name] for name in wanted}, wanted)
        self.assertRegex(rule["RuleARN"], r"^arn:aws:xray:[a-z0-9-]+:\d{12}:sampling-rule/half$")
        self.xray.create_sampling_rule(SamplingRule=RULE | {"RuleName": "first", "Priority": 1})
        self.assertEqual([rule["RuleName"] for rule in self.rules()], ["first", "half", "Default"])
        update = {"RuleARN": rule["RuleARN"], "FixedRate": 0.25}
        changed = self.xray.update_sampling_rule(SamplingRuleUpdate=update)["SamplingRuleRecord"]
        self.assertEqual(changed["SamplingRule"], rule | {"FixedRate": 0.25})
        self.assertGreaterEqual(changed["ModifiedAt"], record["ModifiedAt"])
        self.assertEqual(changed["CreatedAt"], record["CreatedAt"])
        gone = self.xray.delete_sampling_rule(RuleName="half")["SamplingRuleRecord"]["SamplingRule"]
        self.assertEqual(gone, changed["SamplingRule"])
        self.assertEqual([rule["RuleName"] for rule in self.rules()], ["first", "Default"])

    def test_rules_that_break_the_rules_are_refused(self):
        create = self.xray.create_sampling_rule
        create(SamplingRule=RULE)
        other = RULE | {"RuleName": "other"}
        for change in [
            {"RuleName": "half"}, {"RuleName": "Default"}, {"Version": 2}, {"Priority": 10_000}, {"Priority": -1},
            {"FixedRate": 1.5}, {"FixedRate": -0.1}, {"ReservoirSize": -1}, {"Host": "h" * 65}, {"URLPath": "/" * 129},
            {"Attributes": {str(index): "x" for index in range(6)}}, {"Attributes": {"k": "v" * 33}}]:
            with self.subTest(change):
                # By hand: boto3 itself would refuse some of these.
                status, headers, _ = self.server.post(
                    "/CreateSamplingRule", json.dumps({"SamplingRule": other | change}).encode())
                self.assertEqual((status, headers["x-amzn-ErrorType"]), (400, "InvalidRequestException"))
        update = self.xray.update_sampling_rule
        self.invalid(update, SamplingRuleUpdate={"RuleName": "nobody", "FixedRate": 0.1})
        self.invalid(update, SamplingRuleUpdate={"FixedRate": 0.1})
        self.invalid(update, SamplingRuleUpdate={"RuleName": "Default", "Host": "shop"})
        self.invalid(update, SamplingRuleUpdate={"RuleName": "half", "Priority": 10_000})
        update(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 0.1, "ReservoirSize": 5})
        self.invalid(self.xray.delete_sampling_rule, RuleName="Default")
        self.invalid(self.xray.delete_sampling_rule, RuleName="nobody")
        self.invalid(self.xray.delete_sampling_rule)
        self.assertEqual([rule["RuleName"] for rule in self.rules()], ["half", "Default"])

    def test_there_are_twenty_five_rules_beside_the_default(self):
        for index in range(25):
            self.xray.create_sampling_rule(SamplingRule=RULE | {"RuleName": f"r{index}"})
        more = RULE | {"RuleName": "r25"}
        self.refused("RuleLimitExceededException", self.xray.create_sampling_rule, SamplingRule=more)
        self.assertEqual(len(self.rules()), 26)

    def test_targets_divide_the_reservoir_and_name_what_is_unknown(self):
        self.xray.create_sampling_rule(SamplingRule=RULE | {"ReservoirSize": 10})

        def report(client, rule="half"):
            return {
                "RuleName": rule, "ClientID": client * 24, "Timestamp": now() + 300, "RequestCount": 100,
                "SampledCount": 10, "BorrowCount": 1}

        answer = self.xray.get_sampling_targets(SamplingStatisticsDocuments=[report("a", "nobody")])
        [unknown] = answer["UnprocessedStatistics"]
        self.assertEqual((unknown["RuleName"], unknown["ErrorCode"]), ("nobody", "400"))

        def quotas():
            answers = [self.xray.get_sampling_targets(SamplingStatisticsDocuments=[report(client)]) for client in "ab"]
            return [target for answer in answers for target in answer["SamplingTargetDocuments"]]

        quotas()
        targets = quotas()
        self.assertTrue(all(target["FixedRate"] == 0.5 and target["Interval"] >= 10 for target in targets), targets)
        self.assertLessEqual(sum(target.get("ReservoirQuota", 0) for target in targets), 10)
        self.invalid(
            self.xray.get_sampling_targets, SamplingStatisticsDocuments=[report("a")] * 26)


class SwitchesTest(SettingsTest):
    def test_policies_have_revisions_sizes_and_a_number(self):
        put_policy, refused = self.xray.put_resource_policy, self.refused
        policy = put_policy(PolicyName="sns", PolicyDocument=POLICY)["ResourcePolicy"]
        self.assertEqual((policy["PolicyName"], json.loads(policy["PolicyDocument"])), ("sns", json.loads(POLICY)))
        stale = policy["PolicyRevisionId"]
        newer = put_policy(PolicyName="sns", PolicyDocument=POLICY, PolicyRevisionId=stale)["ResourcePolicy"]
        self.assertNotEqual(newer["PolicyRevisionId"], stale)
        wrong = "InvalidPolicyRevisionIdException"
        refused(wrong, put_policy, PolicyName="sns", PolicyDocument=POLICY, PolicyRevisionId=stale)
        refused(wrong, put_policy, PolicyName="sns", PolicyDocument=POLICY, PolicyRevisionId="0")
        refused(wrong, self.xray.delete_resource_policy, PolicyName="sns", PolicyRevisionId=stale)
        malformed = "MalformedPolicyDocumentException"
        for text in ["{", "[]", "{}", '{"Version": "2012-10-17", "Statement": 7}']:
            refused(malformed, put_policy, PolicyName="other", PolicyDocument=text)
        refused("PolicySizeLimitExceededException", put_policy, PolicyName="other", PolicyDocument=POLICY + " " * 5200)
        lockout = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "xray:*", "Resource": "*"}]})
        refused("LockoutPreventionException", put_policy, PolicyName="lock", PolicyDocument=lockout)
        put_policy(PolicyName="lock", PolicyDocument=lockout, BypassPolicyLockoutCheck=True)
        for index in range(3):
            put_policy(PolicyName=f"p{index}", PolicyDocument=POLICY)
        refused("PolicyCountLimitExceededException", put_policy, PolicyName="p3", PolicyDocument=POLICY)
        pages = self.xray.get_paginator("list_resource_policies").paginate()
        names = [policy["PolicyName"] for page in pages for policy in page["ResourcePolicies"]]
        self.assertEqual(sorted(names), ["lock", "p0", "p1", "p2", "sns"])
        self.xray.delete_resource_policy(PolicyName="sns", PolicyRevisionId=newer["PolicyRevisionId"])
        self.assertEqual(len(self.xray.list_resource_policies()["ResourcePolicies"]), 4)

    def test_tags_belong_to_groups_and_rules(self):
        group = self.xray.create_group(
            GroupName="slow", FilterExpression="fault", Tags=[{"Key": "team", "Value": "a"}])["Group"]
        rule = self.xray.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]["SamplingRule"]

        def tags(arn):
            pages = self.xray.get_paginator("list_tags_for_resource").paginate(ResourceARN=arn)
            return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

        arn = group["GroupARN"]
        self.assertEqual((tags(arn), tags(rule["RuleARN"])), ({"team": "a"}, {}))
        self.xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "b"}, {"Key": "x y", "Value": ""}])
        self.xray.tag_resource(ResourceARN=rule["RuleARN"], Tags=[{"Key": "of", "Value": "rule"}])
        self.assertEqual((tags(arn), tags(rule["RuleARN"])), ({"team": "b", "x y": ""}, {"of": "rule"}))
        self.xray.untag_resource(ResourceARN=arn, TagKeys=["team", "nobody"])
        self.assertEqual(tags(arn), {"x y": ""})
        many = [{"Key": f"k{index}", "Value": "v"} for index in range(50)]
        self.assertTrue(self.refused(
            "TooManyTagsException", self.xray.tag_resource, ResourceARN=arn, Tags=many)["ResourceName"])
        self.invalid(self.xray.tag_resource, ResourceARN=arn, Tags=[{"Key": "aws:x", "Value": "v"}])
        self.assertEqual(tags(arn), {"x y": ""})
        unknown = {"ResourceARN": arn[:-3] + "ZZZ"}
        for call, parameters in [
            (self.xray.list_tags_for_resource, {}), (self.xray.untag_resource, {"TagKeys": ["x"]}),
            (self.xray.tag_resource, {"Tags": [{"Key": "x", "Value": "y"}]})]:
            error = self.refused("ResourceNotFoundException", call, **unknown, **parameters)
            self.assertEqual(error["ResourceName"], unknown["ResourceARN"])

    def test_switches_are_set_and_read(self):
        xray = self.xray
        self.assertEqual(xray.get_encryption_config()["EncryptionConfig"]["Type"], "NONE")
        self.invalid(xray.put_encryption_config, Type="KMS")
        self.invalid(xray.put_encryption_config, Type="NONE", KeyId="alias/key")
        xray.put_encryption_config(Type="KMS", KeyId="alias/key")
        config = eventually(lambda: self.active(xray.get_encryption_config()["EncryptionConfig"]))
        self.assertEqual((config["Type"], config["KeyId"]), ("KMS", "alias/key"))
        [rule] = xray.get_indexing_rules()["IndexingRules"]
        self.assertEqual(rule["Name"], "Default")
        probability = {"Probabilistic": {"DesiredSamplingPercentage": 12.5}}
        answer = xray.update_indexing_rule(Name="Default", Rule=probability)["IndexingRule"]
        self.assertEqual(answer["Rule"]["Probabilistic"]["DesiredSamplingPercentage"], 12.5)
        self.refused("ResourceNotFoundException", xray.update_indexing_rule, Name="nobody", Rule=probability)
        too_much = {"Probabilistic": {"DesiredSamplingPercentage": 101}}
        self.invalid(xray.update_indexing_rule, Name="Default", Rule=too_much)
        self.assertEqual(xray.get_trace_segment_destination()["Destination"], "XRay")
        xray.update_trace_segment_destination(Destination="CloudWatchLogs")
        destination = eventually(lambda: self.active(xray.get_trace_segment_destination()))
        self.assertEqual(destination["Destination"], "CloudWatchLogs")

    @staticmethod
    def active(config):
        return config if config["Status"] == "ACTIVE" else None

    def test_traces_are_retrieved_by_a_token(self):
        begin = now()
        ids = [trace_id(begin, index) for index in range(7)]
        put(self.xray, [document for index, trace in enumerate(ids) for document in order(trace, begin + index)])
        token = self.xray.start_trace_retrieval(TraceIds=ids, StartTime=begin, EndTime=begin + 60)["RetrievalToken"]
        eventually(lambda: self.xray.list_retrieved_traces(RetrievalToken=token)["RetrievalStatus"] == "COMPLETE")
        found, more = [], {}
        while True:
            page = self.xray.list_retrieved_traces(RetrievalToken=token, TraceFormat="XRAY", **more)
            self.assertLessEqual(len(page["Traces"]), 5)
            found += page["Traces"]
            if "NextToken" not in page:
                break
            more = {"NextToken": page["NextToken"]}
        self.assertEqual(sorted(trace["Id"] for trace in found), sorted(ids))
        names = {json.loads(span["Document"])["name"] for span in found[0]["Spans"]}
        self.assertLessEqual({"web", "orders"}, names)
        graph = self.xray.get_retrieved_traces_graph(RetrievalToken=token)
        self.assertEqual(graph["RetrievalStatus"], "COMPLETE")
        self.assertLessEqual({"web", "orders", "items"}, {node["Service"]["Name"] for node in graph["Services"]})
        self.xray.cancel_trace_retrieval(RetrievalToken=token)
        for call in [
            self.xray.cancel_trace_retrieval, self.xray.list_retrieved_traces, self.xray.get_retrieved_traces_graph]:
            self.refused("ResourceNotFoundException", call, RetrievalToken="nobody")
        self.invalid(self.xray.start_trace_retrieval, TraceIds=ids, StartTime=begin, EndTime=begin - 1)

    def test_insights_that_nobody_had_are_refused(self):
        insight, begin = str(uuid.uuid4()), now()
        self.invalid(self.xray.get_insight, InsightId=insight)
        self.invalid(self.xray.get_insight_events, InsightId=insight)
        self.invalid(self.xray.get_insight_impact_graph, InsightId=insight, StartTime=begin, EndTime=begin + 60)
        self.invalid(self.xray.get_insight_summaries, StartTime=begin, EndTime=begin + 60)
        answer = self.xray.get_insight_summaries(GroupName="Default", StartTime=begin, EndTime=begin + 60)
        self.assertEqual(answer["InsightSummaries"], [])


class DurabilityTest(SettingsTest):
    def everything(self):
        xray = self.xray
        arns = [group["GroupARN"] for group in xray.get_groups()["Groups"] if group["GroupName"] != "Default"]
        answers = [
            xray.get_groups(), xray.get_sampling_rules(), xray.list_resource_policies(), xray.get_encryption_config(),
            xray.get_indexing_rules(), xray.get_trace_segment_destination(),
            *(xray.list_tags_for_resource(ResourceARN=arn) for arn in arns)]
        for answer in answers:
            del answer["ResponseMetadata"]
        return answers

    def test_what_was_answered_survives_a_kill(self):
        xray, begin = self.xray, now()
        put(xray, [document for index in range(20) for document in order(trace_id(begin, index), begin)])
        xray.create_group(GroupName="slow", FilterExpression="fault", Tags=[{"Key": "team", "Value": "a"}])
        xray.create_group(GroupName="gone", FilterExpression="fault")
        xray.delete_group(GroupName="gone")
        xray.create_sampling_rule(SamplingRule=RULE)
        xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 0.3})
        xray.put_resource_policy(PolicyName="sns", PolicyDocument=POLICY)
        xray.put_encryption_config(Type="KMS", KeyId="alias/key")
        xray.update_indexing_rule(Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 7}})
        eventually(lambda: xray.get_encryption_config()["EncryptionConfig"]["Status"] == "ACTIVE")
        before = self.everything()
        self.restart()
        self.assertEqual(self.everything(), before)
        self.xray.update_trace_segment_destination(Destination="CloudWatchLogs")
        self.restart()
        self.assertEqual(self.xray.get_trace_segment_destination()["Destination"], "CloudWatchLogs")
        self.xray.update_trace_segment_destination(Destination="XRay")
        summaries = self.xray.get_trace_summaries(StartTime=begin, EndTime=begin + 60)["TraceSummaries"]
        self.assertEqual(len(summaries), 20)
        for summary in summaries[:3]:
            [trace] = self.xray.batch_get_traces(TraceIds=[summary["Id"]])["Traces"]
            self.assertEqual(len(trace["Segments"]), 3)

    def test_what_was_changed_last_before_a_kill_is_there(self):
        for index in range(5):
            self.xray.create_group(GroupName=f"g{index}", FilterExpression="fault")
            self.restart()
            self.assertEqual(len(self.xray.get_groups()["Groups"]), index + 2)


if __name__ == "__main__":
    unittest.main()
