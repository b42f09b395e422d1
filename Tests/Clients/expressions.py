"""Filter expressions at random, by the grammar of X-Ray's, and broken ones."""

FLAGS = ["ok", "error", "fault", "throttle", "partial", "inferred"]
NUMBERS = ["responsetime", "duration", "http.status", "annotation.price"]
TEXTS = [
    "http.url", "http.method", "http.useragent", "http.clientip", "user", "instance.id", "availabilityzone",
    "resource.arn", "annotation.city", "annotation[a.b]"]
CAUSES = ["rootcause.fault", "rootcause.error", "rootcause.responsetime"]
NAMES = ['"web"', '"orders"', '"items"', '"Forlì"', '""', '"a\\"b"', '"x y"']
PIECES = [
    "(", ")", "{", "}", '"', "!", "=", "AND", "OR", "service", "annotation.", "id(", "#[", "\\", "\0", "1e999", ",",
    "é", "  "]


class Expressions:
    def __init__(self, random):
        self.random = random

    def FilterExpression(self):
        """Five of six can be read."""
        text = self.any(self.random.randint(0, 4), "trace")
        return text if self.random.random() < 0.83 else self.broken(text)

    def EntitySelectorExpression(self):
        text = self.random.choice([self.service(), self.edge()])[:500]
        return text if self.random.random() < 0.8 else self.broken(text)[:500]

    def broken(self, text):
        chance = self.random.random()
        at = self.random.randint(0, len(text))
        if chance < 0.3:
            return text[:at]
        if chance < 0.9:
            return text[:at] + self.random.choice(PIECES) + text[at:]
        return self.random.choice([
            "(" * 10_000, "!" * 10_000 + "ok", "ok " * 3000, "ok OR " * 3000 + "ok", "service() {" * 2000])

    def any(self, depth, scope):
        if depth == 0:
            return self.term(scope)
        pick = self.random.randrange(6)
        one = self.any(depth - 1, scope)
        if pick == 0:
            return "!(" + one + ")"
        if pick == 1:
            return "(" + one + ")"
        if pick == 2:
            return one
        return one + self.random.choice([" AND ", " OR ", " and ", " "]) + self.any(depth - 1, scope)

    def term(self, scope):
        pick = self.random.randrange(9 if scope == "trace" else 3)
        if pick == 0:
            flag = self.random.choice(FLAGS)
            return self.random.choice([flag, "!" + flag, flag + " = true", flag + " != false"])
        if pick == 1:
            operator = self.random.choice(["=", "!=", "<", "<=", ">", ">="])
            return f"{self.random.choice(NUMBERS)} {operator} {self.random.choice(['0', '1', '0.5', '200', '1e3'])}"
        if pick == 2:
            operator = self.random.choice(["=", "!=", "CONTAINS", "BEGINSWITH", "ENDSWITH", "contains"])
            return f"{self.random.choice(TEXTS)} {operator} {self.random.choice(NAMES)}"
        if pick in (3, 4):
            return self.random.choice(["", "!"]) + self.service() + self.inner()
        if pick == 5:
            return self.random.choice(["", "!"]) + self.edge() + self.inner()
        if pick == 6:
            return "annotation." + self.random.choice(["price", "city", "nobody"])
        if pick == 7:
            inner = self.random.choice(['name = "web"', "last", "index > 0"])
            return self.random.choice(CAUSES) + ".service { " + inner + " }"
        return self.random.choice([
            'group.name = "Default"', 'rootcause.json = #[{"Services":[{"Name":"web"}]}]', "user"])

    def inner(self):
        return " { " + self.any(1, "service") + " }" if self.random.random() < 0.5 else ""

    def entity(self):
        name = self.random.choice(NAMES)
        return self.random.choice([
            name, f"id(name: {name})", f'id(name: {name}, type: "AWS::Lambda")', f"id(type: {name})"])

    def service(self):
        return f"service({self.random.choice([self.entity(), ''])})"

    def edge(self):
        return f"edge({self.entity()}, {self.entity()})"
