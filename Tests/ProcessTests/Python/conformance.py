"""Walks the service model that botocore has of the five operations, and holds a running coordinator to it.

For each constraint of each member of the requests one value inside and one outside are sent, many for patterns. They are signed as boto3 signs, but sent as
they are: what boto3 checks by itself before it sends must not stand between. Each answer is held to the model's output and error shapes.

Usage: conformance.py ENDPOINT SEED    The last line is a JSON object of counts; the exit code is 1 when anything differs.

The coordinator needs a bucket `data` with `in.jsonl` in it, models `test.model-a` to `test.model-e`, and a job limit above what this creates.
"""
import copy
import http.client
import json
import os
import random
import re
import sys
import uuid
from collections import Counter
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from pattern_values import Pattern, matches

OPERATIONS = ["Create{}Job", "Get{}Job", "List{}Jobs", "Stop{}Job", "BatchDelete{}Job"]
SAMPLES = 25
# `modelId` as botocore had it before 1.44: whatever matched it then must do so still.
EARLIER_MODEL_ID = "[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}([a-z0-9-]{1,63}[.]){0,2}[a-z0-9-]{1,63}([:][a-z0-9-]{1,63}){0,2}(/[a-z0-9]{12}|)"
# What a value that keeps every constraint may still be refused for: that it names nothing here. Each with a word of the message.
NOTHING_HERE = {
    "inputConfig.s3Uri": ({"ValidationException", "ResourceNotFoundException", "AccessDeniedException"}, "inputConfig.s3Uri"),
    "outputConfig.s3Uri": ({"ValidationException", "ResourceNotFoundException", "AccessDeniedException"}, "outputConfig.s3Uri"),
    "encryptionKeyArn": ({"ValidationException"}, "encryptionKeyArn"),
    "modelConfigurations.1.member.modelId": ({"ValidationException"}, "models file"),
    "jobIdentifier": ({"ResourceNotFoundException"}, ""),
    "nextToken": ({"ValidationException"}, "nextToken"),
}
BROKEN = "failed to satisfy constraint"
ABSENT = object()
WRONG_TYPES = {
    "string": [1, True, ["a"], {"a": "b"}], "integer": ["1", 1.5, True, [1], {}], "float": ["0.5", True, [0.5], {}], "structure": ["a", 1, True, ["a"]],
    "list": ["a", 1, True, {"0": "a"}], "map": ["a", 1, True, ["a"]],
}
# In a query all is text.
WRONG_TEXTS = {"integer": ["one", "1.5", "", "0x10", " 5", "5 "], "string": []}


class Endpoint:
    def __init__(self, url, credentials):
        self.url, self.credentials = url, credentials
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.netloc, timeout=20)

    def send(self, method, path, body):
        data = None if body is None else json.dumps(body).encode()
        request = AWSRequest(method, self.url + path, data=data, headers={"Content-Type": "application/json"} if data else {})
        SigV4Auth(self.credentials, "bedrock", "us-east-1").add_auth(request)
        prepared = request.prepare()
        self.connection.request(method, path, body=data, headers=dict(prepared.headers))
        response = self.connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


class Walk:
    """Every case of one operation's input: (path, constraint, is inside, value)."""

    def __init__(self, shapes, random):
        self.shapes, self.random = shapes, random

    def structure(self, shape, path=()):
        for name, reference in shape["members"].items():
            member, at = self.shapes[reference["shape"]], path + (name,)
            location = reference.get("location")
            if location != "uri":
                isRequired = name in shape.get("required", [])
                yield at, "required" if isRequired else "optional", not isRequired, ABSENT
                if location is None:
                    yield at, "required" if isRequired else "optional", not isRequired, None
            yield from self.value(member, at, location)

    def value(self, shape, path, location=None):
        kind = shape["type"]
        if shape.get("document"):
            for value in [{}, [], "text", 1.5, 10**15, False, {"a": [{"b": "c"}]}]:
                yield path, "document", True, value
            return
        wrong = WRONG_TYPES[kind] if location is None else WRONG_TEXTS[kind]
        for value in wrong:
            yield path, "type", False, value
        if kind == "structure":
            yield from self.structure(shape, path)
        elif kind == "list":
            yield from self.list(shape, path)
        elif kind == "map":
            yield from self.map(shape, path)
        elif kind == "string":
            yield from self.string(shape, path)
        else:
            yield from self.number(shape, path, location)

    def number(self, shape, path, location):
        write = (lambda n: str(n)) if location else (lambda n: n)
        step = 1 if shape["type"] == "integer" else 0.001
        least, most = shape.get("min"), shape.get("max")
        if least is not None:
            yield path, "min", True, write(least)
            yield path, "min", True, write(least + step)
            yield path, "min", False, write(least - step)
        if most is not None:
            yield path, "max", True, write(most)
            yield path, "max", False, write(most + step)
            yield path, "max", False, write(10**18)
        if shape["type"] == "integer":
            yield path, "type", True, write(most or 2**31 - 1)
            if most is None:
                yield path, "type", False, write(2**31)
        else:
            yield path, "type", True, write(0.5)

    def string(self, shape, path):
        least, most = shape.get("min", 0), shape.get("max", 4000)
        if "enum" in shape:
            for value in shape["enum"]:
                yield path, "enum", True, value
                yield path, "enum", False, value.lower()
                yield path, "enum", False, value + " "
            yield path, "enum", False, ""
            return
        if "pattern" not in shape:
            text = lambda length: "".join(self.random.choice("a é😀\t'\"\\") for _ in range(length))
            lengths = range(most + 1)
        else:
            pattern = Pattern(shape["pattern"])
            text = lambda length: pattern.match(self.random, length)
            lengths = [length for length in range(most + 1) if pattern.lengths() >> length & 1]
            for _ in range(SAMPLES):
                value = pattern.match(self.random)
                if least <= len(value) <= most:
                    yield path, "pattern", True, value
                value = pattern.near_miss(self.random, least, most)
                if value is not None:
                    yield path, "pattern", False, value
        # Where the pattern allows no text of the very bound, the nearest within.
        yield path, "min", True, text(min(length for length in lengths if length >= least))
        if least > 0:
            yield path, "min", False, "a" * (least - 1)
        if "max" in shape:
            longer = text(most + 1)
            yield path, "max", True, text(max(lengths))
            yield path, "max", False, longer if longer is not None else "a" * (most + 1)

    def list(self, shape, path):
        member = self.shapes[shape["member"]["shape"]]
        good = lambda index: LISTED[path](index)
        least, most = shape.get("min", 0), shape.get("max")
        yield path, "min", True, [good(i) for i in range(least)]
        if least > 0:
            yield path, "min", False, [good(i) for i in range(least - 1)]
        if most is not None:
            yield path, "max", True, [good(i) for i in range(most)]
            yield path, "max", False, [good(i) for i in range(most + 1)]
        yield path + (0,), "type", False, None
        yield from self.value(member, path + (0,))

    def map(self, shape, path):
        for _, constraint, isInside, key in self.string(self.shapes[shape["key"]["shape"]], path):
            yield path + (KEY,), constraint, isInside, {key: 1}
        yield from self.value(self.shapes[shape["value"]["shape"]], path + ("any",))


class Key(str):
    """Stands in a path for the keys of a map."""


KEY = Key("key")
# Members of lists that are right in themselves.
LISTED = {
    ("modelConfigurations",): lambda i: {"modelId": f"test.model-{'abcdef'[i]}"},
    ("modelConfigurations", 0, "inferenceConfig", "stopSequences"): lambda i: f"stop {i}",
    ("tags",): lambda i: {"key": f"key{i}", "value": "value"},
    ("jobIdentifiers",): lambda i: f"zzzzzzzzzz{i // 26 + 10}"[:11] + "abcdefghijklmnopqrstuvwxyz"[i % 26],
}


def shown(path):
    """A member as messages name it: list members by their number from 1."""
    return ".".join(f"{part + 1}.member" if isinstance(part, int) else part for part in path)


class Conformance:
    def __init__(self, endpoint, seed):
        self.endpoint, self.random = endpoint, random.Random(seed)
        self.api = Loader().load_service_model("bedrock", "service-2", "2023-04-20")
        self.model = ServiceModel(self.api)
        self.shapes = self.api["shapes"]
        self.parser = create_parser("rest-json")
        self.walk = Walk(self.shapes, self.random)
        self.table, self.faults, self.answers, self.jobs = Counter(), [], Counter(), []
        self.job = "zzzzzzzzzzzz"

    def base(self, operation):
        """A right request with every member that has members of its own."""
        if operation.startswith("Create"):
            model = {"modelId": "test.model-a", "inferenceConfig": {"maxTokens": 8, "temperature": 0.5, "topP": 0.5, "stopSequences": ["stop"]},
                     "additionalModelRequestFields": {"any": 1}}
            return {"jobName": "conformance", "jobDescription": "a job", "clientToken": str(uuid.UUID(int=self.random.getrandbits(128))),
                    "inputConfig": {"s3Uri": "s3://data/in.jsonl"}, "outputConfig": {"s3Uri": "s3://data/out/"}, "modelConfigurations": [model],
                    "tags": [{"key": "team", "value": "search"}]}
        if operation.startswith("List"):
            return {"maxResults": "3", "sortBy": "CreationTime", "sortOrder": "Ascending"}
        return {"jobIdentifiers": ["zzzzzzzzzzzz"]} if operation.startswith("Batch") else {"jobIdentifier": self.job}

    def send(self, operation, request):
        """The answer, held to the model: (status, error type or None, message or parsed body)."""
        model = self.api["operations"][operation]
        members = self.shapes[model["input"]["shape"]]["members"]
        path, query, body = model["http"]["requestUri"], {}, {}
        for name, value in request.items():
            location = members[name].get("location")
            if location == "uri":
                path = path.replace("{" + members[name]["locationName"] + "}", quote(value, safe=""))
            elif location == "querystring":
                query[members[name]["locationName"]] = value
            else:
                body[name] = value
        path += "?" + urlencode(query, quote_via=quote) if query else ""
        status, headers, data = self.endpoint.send(model["http"]["method"], path, body if model["http"]["method"] != "GET" and body else None)
        return self.hold(operation, model, request, status, headers, data)

    def hold(self, operation, model, request, status, headers, data):
        def fault(text):
            self.faults.append(f"{operation} answered {status} {data[:300]!r} to {json.dumps(request)[:300]}: {text}")
        shape = self.model.operation_model(operation).output_shape
        parsed = self.parser.parse({"status_code": status, "headers": headers, "body": data}, shape)
        document = json.loads(data)
        if headers.get("content-type") != "application/json":
            fault("its content type is no JSON")
        if parsed["ResponseMetadata"].get("RequestId") is None:
            fault("the request has no id")
        if status < 300:
            self.answers[f"{operation} {status}"] += 1
            if status != model["http"]["responseCode"]:
                fault("another status than the model's")
            for difference in self.differences(model["output"]["shape"], document, "answer"):
                fault(difference)
            return status, None, document
        code, message = headers.get("x-amzn-errortype"), document.get("message", "")
        self.answers[f"{operation} {status} {code}"] += 1
        declared = [each["shape"] for each in model["errors"]]
        if code not in declared:
            fault(f"an error that the operation does not have, which are {declared}")
        elif self.shapes[code]["error"]["httpStatusCode"] != status:
            fault("the error has another status in the model")
        elif parsed["Error"]["Code"] != code or parsed["Error"]["Message"] != message or not message:
            fault(f"botocore reads it as {parsed['Error']}")
        else:
            for difference in self.differences(code, document, "error"):
                # The published pattern of this member allows no resource that could have been meant.
                if not difference.startswith("error.resourceName"):
                    fault(difference)
        return status, code, message

    def differences(self, name, value, path):
        """How a value differs from an output shape."""
        shape = self.shapes[name]
        kind = shape["type"]
        if shape.get("document"):
            return
        types = {"structure": dict, "map": dict, "list": list, "string": str, "timestamp": str, "integer": int, "float": (int, float)}
        if not isinstance(value, types[kind]):
            yield f"{path} is no {kind}"
        elif kind == "structure":
            for member in shape.get("required", []):
                if member not in value:
                    yield f"{path}.{member} is missing"
            for member, content in value.items():
                if member not in shape["members"]:
                    yield f"{path}.{member} is no member"
                else:
                    yield from self.differences(shape["members"][member]["shape"], content, f"{path}.{member}")
        elif kind == "list":
            if not shape.get("min", 0) <= len(value) <= shape.get("max", len(value)):
                yield f"{path} has {len(value)} members"
            for index, content in enumerate(value):
                yield from self.differences(shape["member"]["shape"], content, f"{path}[{index}]")
        elif kind == "map":
            for key, content in value.items():
                yield from self.differences(shape["key"]["shape"], key, f"{path} key")
                yield from self.differences(shape["value"]["shape"], content, f"{path}.{key}")
        elif kind == "timestamp":
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value):
                yield f"{path} is no ISO 8601 time"
        elif kind == "string":
            if not shape.get("min", 0) <= len(value) <= shape.get("max", len(value)):
                yield f"{path} has {len(value)} characters"
            if "pattern" in shape and not matches(shape["pattern"], value):
                yield f"{path} does not match {shape['pattern']}"
            if "enum" in shape and value not in shape["enum"]:
                yield f"{path} is none of {shape['enum']}"

    def check(self, operation, path, constraint, isInside, value):
        request = self.base(operation)
        name = shown(path)
        if path[-1] is KEY:
            path = path[:-1]
        holder = request
        for part in path[:-1]:
            holder = holder[part]
        if value is not ABSENT:
            holder[path[-1]] = value
        elif isinstance(holder, dict):
            holder.pop(path[-1], None)
        status, code, answer = self.send(operation, copy.deepcopy(request))
        if code is None and operation.startswith("Create"):
            self.jobs.append(answer["jobArn"])
        self.table[operation, re.sub(r"\d+\.member", "*", name), constraint, isInside] += 1
        problem = self.inside(name, status, code, answer) if isInside else self.outside(name, constraint, status, code, answer)
        if problem:
            self.faults.append(f"{operation} {name} {constraint} {'inside' if isInside else 'outside'} {repr(value)[:200]}: {problem}: {status} {code} {str(answer)[:300]}")

    def inside(self, name, status, code, answer):
        if code is None:
            return None
        codes, word = NOTHING_HERE.get(name, (set(), ""))
        if code not in codes or word not in answer or BROKEN in answer:
            return "refused"

    def outside(self, name, constraint, status, code, answer):
        if name == "tags" and constraint == "max":
            return None if code == "TooManyTagsException" else "not TooManyTagsException"
        if code != "ValidationException":
            return "no ValidationException"
        if BROKEN not in answer or f"'{name}'" not in answer:
            return "the message does not name the member"

    def run(self):
        status, code, answer = self.send(self.operation("Create"), self.base("Create"))
        if code is not None:
            sys.exit(f"the request that all others are made of is refused: {status} {code} {answer}")
        self.job = answer["jobArn"]
        for name in OPERATIONS:
            operation = name.format("AdvancedPromptOptimization")
            status, code, answer = self.send(operation, self.base(operation))
            if code is not None:
                self.faults.append(f"{operation} refused the request that all others are made of: {status} {code} {answer}")
            for case in self.walk.structure(self.shapes[self.api["operations"][operation]["input"]["shape"]]):
                self.check(operation, *case)
        earlier = Pattern(EARLIER_MODEL_ID)
        for length in [None] * SAMPLES + [140]:
            value = earlier.match(self.random, length)
            if len(value) <= 140:
                self.check(self.operation("Create"), ("modelConfigurations", 0, "modelId"), "earlier pattern", True, value)
        self.both_sides()
        # Every job that was made is shown once more, by both of its names, and in lists.
        for job in self.jobs:
            self.send(self.operation("Get"), {"jobIdentifier": job})
            self.send(self.operation("Stop"), {"jobIdentifier": job.rsplit("/", 1)[1]})
        self.send(self.operation("List"), {"maxResults": "1000"})
        for start in range(0, len(self.jobs), 25):
            self.send(self.operation("BatchDelete"), {"jobIdentifiers": self.jobs[start:start + 25]})

    def operation(self, verb):
        return next(name for name in (each.format("AdvancedPromptOptimization") for each in OPERATIONS) if name.startswith(verb))

    def both_sides(self):
        """No constraint was tried from one side alone, but where the model leaves no other."""
        for operation, name, constraint in sorted({key[:3] for key in self.table}):
            inside, outside = (self.table[operation, name, constraint, side] for side in (True, False))
            oneSided = constraint in ("optional", "document", "earlier pattern", "required", "type") or constraint == "min" and not outside
            if not oneSided and not (inside and outside):
                self.faults.append(f"{operation} {name} {constraint} was tried from one side alone: {inside} inside, {outside} outside")

    def report(self):
        constraints = sorted({key[:3] for key in self.table})
        print(f"{'operation':42}{'member':62}{'constraint':17}{'inside':>7}{'outside':>8}")
        for key in constraints:
            print(f"{key[0]:42}{key[1]:62}{key[2]:17}{self.table[*key, True]:7}{self.table[*key, False]:8}")
        print("\nanswers held to the model:")
        for name, count in sorted(self.answers.items()):
            print(f"{count:6} {name}")
        for fault in self.faults[:40]:
            print("DIFFERS:", fault, file=sys.stderr)
        print(json.dumps({
            "constraints": len(constraints), "inside": sum(n for key, n in self.table.items() if key[3]), "outside": sum(n for key, n in self.table.items() if not key[3]),
            "answers": sum(self.answers.values()), "jobs": len(self.jobs), "differences": len(self.faults)}))
        return 1 if self.faults else 0


if __name__ == "__main__":
    keys = Credentials(os.environ.get("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), os.environ.get("AWS_SECRET_ACCESS_KEY", "secret"))
    conformance = Conformance(Endpoint(sys.argv[1], keys), int(sys.argv[2]))
    conformance.run()
    sys.exit(conformance.report())
