"""Makes requests to X-Ray's API from botocore's model of it: sound ones, and ones that are wrong in every way."""

import copy
import dataclasses
import json
import random
import string

from expressions import Expressions
from documents import segment, subsegment, trace_id

HOSTILE = [
    "", " ", "\0", "a\0b", "\r\n", "\x1b[31m", "\x7f", "'; DROP TABLE segments; --", "' OR '1'='1", '"', "\\", '"}]}',
    "{{7*7}}", "${jndi:ldap://x}", "$(id)", "`id`", "../../../../etc/passwd", "..\\..\\x", "%00", "%s%n%p",
    "<script>alert(1)</script>", "\u202eabc", "\u200b", "\ufeff", "\ud800", "\udc00\ud800", "\uffff", "é", "e\u0301",
    "ﬀ", "İ", "ß", "👩‍👩‍👧‍👦", "𝔘𝔫𝔦", "nan", "null", "true", "-1", "*", "?", "[", "(", "Default", "default", "aws:x",
    "arn:aws:xray:eu-central-1:000000000000:group/x/Y", "1-00000000-000000000000000000000000", "0" * 32,
    "\n".join(["x"] * 50), "a" * 1000, "é" * 700]


class Raw(str):
    """JSON as it stands, for what Python's own numbers cannot say."""


NUMBERS = [Raw(text) for text in [
    "0", "-0", "-0.0", "1", "-1", "0.5", "1.0", "1e2", "1E+2", "1e400", "-1e400", "1e-400", "2147483647", "2147483648",
    "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "123456789012345678901234567890", "0.1234567890123456789012345678901234567890", "1e308", "4.9e-324", "1" * 400,
    "NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "0x10", "1e", "--1"]]
MOMENTS = NUMBERS + [
    "NaN", "Infinity", "-1", "1e400", "yesterday", "", "9999-12-31T23:59:59Z", "10000-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z", "1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:60Z",
    "2026-01-01T00:00:00+99:99", "Fri, 99 Nov 2026 14:00:00 GMT", "1e18", Raw("1795251600000"),
    Raw("253402300799"), Raw("253402300800"), Raw("1e15")]
OTHERS = {
    "string": [7, 1.5, True, [], {}, ["x"], {"x": "y"}], "timestamp": [True, [], {}, [1], {"x": 1}],
    "integer": ["x", True, [], {}, 1.5, ""], "long": ["x", True, [], {}, 1.5], "double": ["x", False, [], {}, ""],
    "boolean": ["true", 0, 1, [], {}, ""], "list": ["x", {}, 1, False, {"0": "x"}], "structure": ["x", [], 1, True],
    "map": ["x", [], 1, True]}
REFERENCES = (
    "GroupName", "GroupARN", "RuleName", "RuleARN", "PolicyName", "PolicyRevisionId", "NextToken", "RetrievalToken")


def encode(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(key) + ":" + encode(member) for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)


@dataclasses.dataclass
class Request:
    operation: str
    path: str
    body: bytes
    kind: str
    # Whether nothing but a refusal will do.
    wrong: bool = False
    method: str = "POST"
    content_type: str = "application/json"
    # How many documents it puts, where it can be told.
    documents: int = 0


class Generator:
    """The same seed makes the same requests, as far as the server gives the same answers."""

    def __init__(self, seed, model, begin):
        self.random = random.Random(seed)
        self.model = model
        self.names = list(model.operation_names)
        self.begin = begin
        self.number = seed << 24
        self.expressions = Expressions(self.random)
        # What the server said there is, by the name of the member that takes it.
        self.known = {}

    def learn(self, request, answer):
        """Remembers names, ARNs and tokens out of an answer, so that later requests can refer to them."""
        def walk(value):
            if isinstance(value, dict):
                for name, member in value.items():
                    if isinstance(member, str) and name in REFERENCES:
                        known = self.known.setdefault(name, [])
                        known.append(member)
                        del known[:-6]
                    walk(member)
            elif isinstance(value, list):
                for member in value[:5]:
                    walk(member)

        if request.operation.startswith(("Create", "Put", "Start", "ListRetrieved", "GetTraceSummaries")):
            walk(answer)

    # Requests

    def request(self):
        name = self.random.choice(self.names)
        operation = self.model.operation_model(name)
        path = operation.http["requestUri"]
        shape = operation.input_shape
        members = self.structure(shape, "") if shape else {}
        documents = self.put_documents(members) if name == "PutTraceSegments" else 0
        kind = self.random.choices(
            ["sound", "missing", "type", "bounds", "null", "unknown", "number", "moment", "hostile", "body", "http"],
            [34, 6, 10, 9, 5, 4, 6, 6, 10, 7, 3])[0]
        request = Request(name, path, b"", kind, documents=documents)
        if kind == "http":
            return self.odd_request(request, members)
        if kind == "body":
            return self.damaged(request, encode(members).encode())
        if shape is not None and kind != "sound":
            members = copy.deepcopy(members)
            request.wrong = getattr(self, "make_" + kind)(members, shape)
        request.body = encode(members).encode()
        return request

    def put_documents(self, members):
        documents = members["TraceSegmentDocuments"] = [self.document() for _ in range(self.random.randint(1, 4))]
        return len(documents)

    def odd_request(self, request, members):
        request.body = encode(members).encode()
        way = self.random.randrange(3)
        if way == 0:
            request.method = self.random.choice(["GET", "PUT", "DELETE", "PATCH"])
            request.wrong = True
        elif way == 1:
            request.path = self.random.choice([
                request.path + "/", "/" + request.path, request.path.lower() + "x", "/..", "/%2e%2e/etc/passwd", "/%00",
                "/xray" + request.path, "/TraceSegments/../Traces", "/" + "a" * 2000])
            request.wrong = True
        else:
            request.content_type = self.random.choice([
                "", "text/plain", "application/x-amz-json-1.1", "application/x-www-form-urlencoded",
                "multipart/form-data", "application/json; charset=utf-16", "\u00e9", "application/x-protobuf",
                "application/cbor"])
        return request

    def damaged(self, request, body):
        pick = self.random.randrange(10)
        deep = self.random.choice([100, 600, 5000, 50_000])
        cut = body[:self.random.randrange(1, len(body))]
        # Some of these no reader takes; the others it may.
        request.body, request.wrong = [
            (cut, True), (body + b"}", True), (b"[" + body + b"]", True), (b'"' + b"x" * 50 + b'"', True),
            (b'{"\xff\xfe": 1, ' + body[1:] if len(body) > 2 else b'{"\xff": 1}', True),
            (b'{"x": ' + b"[" * deep + b"]" * deep + b"}", False), (b'{"x": ' + b'{"x":' * deep, True),
            (b"", False), (b"\xef\xbb\xbf" + body, False), (b'{"x": 1, "x": 2}', False)][pick]
        return request

    # Ways to be wrong: each gives whether it must be refused

    def places(self, members, shape):
        """All members: the object or array that holds them, their key, shape, and whether they must be there."""
        found = []

        def walk(value, shape):
            if shape.type_name == "structure" and isinstance(value, dict):
                for name, member in value.items():
                    if name in shape.members:
                        found.append((value, name, shape.members[name], name in shape.required_members))
                        walk(member, shape.members[name])
            elif shape.type_name == "list" and isinstance(value, list):
                for index, member in enumerate(value):
                    found.append((value, index, shape.member, True))
                    walk(member, shape.member)

        walk(members, shape)
        return found

    def place(self, members, shape, *types):
        places = [place for place in self.places(members, shape) if not types or place[2].type_name in types]
        return self.random.choice(places) if places else None

    def make_missing(self, members, shape):
        required = [place for place in self.places(members, shape) if place[3] and isinstance(place[0], dict)]
        if not required:
            return False
        holder, name, _, _ = self.random.choice(required)
        del holder[name]
        return True

    def make_type(self, members, shape):
        place = self.place(members, shape)
        if place is None:
            return False
        holder, name, member, _ = place
        holder[name] = self.random.choice(OTHERS[member.type_name])
        # Tokens are not read by every operation that has them in its model.
        return name != "NextToken"

    def make_bounds(self, members, shape):
        bounded = [
            place for place in self.places(members, shape)
            if place[2].type_name in ("string", "list", "integer", "double", "long") and
            (place[2].metadata.get("max") is not None or place[2].metadata.get("min") is not None)]
        if not bounded:
            return False
        holder, name, member, _ = self.random.choice(bounded)
        low, high = member.metadata.get("min", 0), member.metadata.get("max")
        inside = self.random.random() < 0.4
        size = self.random.choice([low, high if high is not None else low + 1]) if inside else self.random.choice(
            [low - 1, low - 1 if high is None else high + 1, high * 50 if high else low - 1])
        if member.type_name == "string":
            holder[name] = "a" * max(0, size)
            size = max(0, size)
        elif member.type_name == "list":
            size = max(0, min(size, 500))
            holder[name] = [self.value(member.member, name) for _ in range(size)]
        else:
            holder[name] = size
        # An empty document is refused by itself, beside the others.
        within = size >= low and (high is None or size <= high)
        return not within and name != "NextToken" and holder is not members.get("TraceSegmentDocuments")

    def make_null(self, members, shape):
        place = self.place(members, shape)
        if place is None:
            return False
        holder, name, _, required = place
        holder[name] = None
        return required and isinstance(holder, dict)

    def make_unknown(self, members, shape):
        members[self.random.choice(HOSTILE) + "!"] = self.random.choice([1, None, [], {"a": [1]}, "x" * 10_000])
        return False

    def make_number(self, members, shape):
        place = self.place(members, shape, "integer", "long", "double", "timestamp")
        if place is not None:
            place[0][place[1]] = self.random.choice(NUMBERS)
        return False

    def make_moment(self, members, shape):
        place = self.place(members, shape, "timestamp")
        if place is not None:
            place[0][place[1]] = self.random.choice(MOMENTS)
            if "EndTime" in members and self.random.random() < 0.3:
                members["StartTime"], members["EndTime"] = self.begin, self.begin - self.random.choice([1, 1e-6, 1e9])
                return True
        return False

    def make_hostile(self, members, shape):
        for _ in range(self.random.randint(1, 2)):
            place = self.place(members, shape, "string")
            if place is not None:
                place[0][place[1]] = self.random.choice(HOSTILE) * self.random.choice([1, 1, 1, 3])
        return False

    # Sound values

    def structure(self, shape, path):
        members = {}
        for name, member in shape.members.items():
            # Few of the names that nobody has would show more than many.
            chance = 0.1 if name == "NextToken" or (name in REFERENCES and name not in self.known) else 0.5
            if name in shape.required_members or self.random.random() < chance:
                members[name] = self.value(member, name)
        if "StartTime" in members and "EndTime" in members:
            members["StartTime"] = self.begin - self.random.randint(0, 7200)
            members["EndTime"] = members["StartTime"] + self.random.choice([1, 60, 3600, 7200, 21_600])
        for one, other in [("GroupName", "GroupARN"), ("RuleName", "RuleARN")]:
            if one in members and other in members and self.random.random() < 0.9:
                del members[other if one in shape.required_members else self.random.choice([one, other])]
        return members

    def value(self, shape, name):
        kind, chance = shape.type_name, self.random
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
        if kind == "structure":
            return self.structure(shape, name)
        if kind == "list":
            return [self.value(shape.member, name) for _ in range(chance.randint(max(low, 1), min(high or 3, 3)))]
        if kind == "map":
            return {self.word(8): self.word(8) for _ in range(chance.randint(0, 3))}
        if kind == "boolean":
            return chance.random() < 0.5
        if kind == "timestamp":
            return self.begin + chance.choice([0, 1, 0.5, -60.25])
        if kind in ("integer", "long"):
            return {"Version": 1, "Period": 60}.get(name) or chance.randint(low, min(high or 100, low + 5000))
        if kind == "double":
            return chance.choice([0, 1, 0.5, round(chance.random(), 3)])
        return self.text(shape, name, low, high)

    def text(self, shape, name, low, high):
        chance = self.random
        if getattr(shape, "enum", None):
            return chance.choice(shape.enum)
        if name in ("FilterExpression", "EntitySelectorExpression"):
            return getattr(self.expressions, name)()
        if name == "TraceIds":
            index = chance.randint(0, 45)
            return trace_id(self.begin + index, index)
        if name == "PolicyDocument":
            effect = chance.choice(["Allow", "Deny"])
            return json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": effect, "Principal": "*", "Action": "xray:PutTraceSegments", "Resource": "*"}]})
        if name == "InsightId":
            return "01234567-89ab-1def-8123-456789abcdef"
        if name == "Name" and chance.random() < 0.8:
            return "Default"
        if name == "ResourceARN":
            known = self.known.get("GroupARN", []) + self.known.get("RuleARN", []) + ["*"]
        else:
            known = self.known.get(name, [])
        if known and chance.random() < 0.8:
            return chance.choice(known)
        return self.word(chance.randint(max(low, 1), max(low, min(high or 12, 12))))

    def word(self, length):
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=length))

    def document(self):
        """A segment of its own trace; two in five are no good, or only just."""
        self.number += 1
        start = self.begin - self.random.randint(0, 3600)
        annotations = {"a": self.random.choice([1, "x", True])}
        made = segment("fuzz", trace_id(start, self.number), start, annotations=annotations)
        if self.random.random() < 0.6:
            return json.dumps(made)
        for _ in range(self.random.randint(1, 2)):
            getattr(self, self.random.choice(["spoil_member", "spoil_parts", "spoil_http"]))(made, start)
        text = encode(made)
        return text[:self.random.randrange(len(text))] if self.random.random() < 0.1 else text

    def odd(self):
        return self.random.choice([None, [], {}, 1, True, [[]], {"a": {"b": [1]}}, *HOSTILE, *NUMBERS[:24]])

    def spoil_member(self, made, _):
        name = self.random.choice(["name", "id", "trace_id", "start_time", "end_time", "annotations"])
        if self.random.random() < 0.3:
            made.pop(name, None)
        else:
            made[name] = self.odd()

    def spoil_parts(self, made, start):
        name = self.random.choice([
            "subsegments", "cause", "metadata", "aws", "service", "user", "origin", "resource_arn", "links",
            "namespace", "fault", "in_progress", "parent_id", "type", "precursor_ids", "annotations", "sql"])
        made[name] = {
            "subsegments": [self.inner(start, depth=self.random.choice([1, 3, 40, 100])), self.odd()],
            "cause": {"exceptions": [{name: self.odd() for name in ("id", "type", "message", "stack", "remote")}]},
            "metadata": {"x": {self.random.choice(HOSTILE): self.odd()}}, "links": [{"trace_id": self.odd()}],
            "aws": {"account_id": self.odd(), "ec2": {"instance_id": self.odd(), "availability_zone": self.odd()}},
            "annotations": {self.random.choice(HOSTILE): self.odd()},
        }.get(name, self.odd()) if self.random.random() < 0.8 else self.odd()

    def inner(self, start, depth):
        made = subsegment(
            "call", start, namespace=self.random.choice(["aws", "remote", "local", 1]), http={"request": self.odd()},
            aws={"operation": self.odd(), "table_name": self.odd(), "queue_url": self.odd()}, fault=self.odd())
        if depth > 1:
            made["subsegments"] = [self.inner(start, depth - 1)]
        return made

    def spoil_http(self, made, _):
        made["http"] = {
            "request": {name: self.odd() for name in ("url", "method", "user_agent", "client_ip", "x_forwarded_for")},
            "response": {"status": self.odd(), "content_length": self.odd()}}
