import Testing
import TraceFilters
import Traces
import XRayModel

@Suite struct `A filter` {
  @Test(
    arguments: [
      ("ok AND responsetime > 5", FilterNeeds.summary), ("annotation.a = 1 OR user", [.summary, .annotations]),
      (#"service("a")"#, .services), (#"!service("a") { fault }"#, [.services, .documents]),
      (#"edge("a", "b")"#, .edges),
      ("edge { ok }", [.edges, .documents]), ("rootcause.fault.service { last }", .rootCauses),
      ("rootcause.json = #[{}]", .rootCauses), ("inferred", .documents), ("", []), ("group.name = \"g\"", []),
    ] as [(String, FilterNeeds)])
  func `tells what it needs`(text: String, needs: FilterNeeds) throws {
    let expression = try FilterExpression(parsing: text)
    #expect(expression.needs == needs)
    #expect(try TraceFilter(expression) { _ in .all }.needs == needs)
  }

  @Test(
    arguments: [
      ("responsetime > 5", true), ("responsetime > 9 AND service { fault }", false),
      ("service { fault } AND responsetime > 9", false),
      ("service { fault } OR fault", true), ("service { fault }", nil), (#"service("api")"#, true),
      (#"service("none") { fault }"#, false),
      (#"edge("none", "x")"#, nil), ("!(ok AND edge)", true), ("throttle", false), ("inferred", nil),
      ("!inferred", nil),
      ("annotation.age > 29 rootcause.fault.service { last }", true),
    ] as [(String, Bool?)])
  func `decides by the summary alone where it can`(text: String, verdict: Bool?) throws {
    let filter = try TraceFilter(FilterExpression(parsing: text))
    #expect(filter.verdict(on: TraceSummary(of: failedOrder)) == verdict)
  }

  /// A row of an engine with columns, which also keeps who called whom.
  private struct Row: TraceSubject {
    func flag(_ keyword: Keyword) -> Bool? { keyword == .fault }
    func number(_ keyword: Keyword) -> Double? { keyword == .responseTime ? 3 : nil }
    func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool { false }
    func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool {
      key.name == "a" && test(1)
    }
    func hasService(where test: (ServiceID) -> Bool) -> Bool {
      test(ServiceID(name: "a")) || test(ServiceID(name: "b"))
    }
    func hasEdge(where test: (ServiceID, ServiceID) -> Bool) -> Bool? {
      test(ServiceID(name: "a"), ServiceID(name: "b"))
    }
    func hasRootCause(_ kind: RootCauseKind, where test: (RootCause) -> Bool) -> Bool { false }
  }

  @Test(
    arguments: [
      (#"fault AND responsetime < 4 AND edge("a", "b") AND annotation.a = 1"#, true), (#"edge("b", "a")"#, false),
      (#"edge("b", "a") { fault }"#, false), (#"edge("a", "b") { fault }"#, nil), (#"service("c")"#, false),
      ("http.url", false),
    ] as [(String, Bool?)])
  func `takes the facts of any subject`(text: String, verdict: Bool?) throws {
    #expect(try TraceFilter(FilterExpression(parsing: text)).verdict(on: Row()) == verdict)
  }

  @Test func `uses the expressions of groups`() throws {
    let groups = [
      "slow": "responsetime > 5", "bad": #"group.name = "slow" AND fault"#, "all": "", "a": #"group.name = "b""#,
      "b": #"ok group.name = "a""#, "bomb0": "ok OR fault",
    ].merging((1..<16).map { ("bomb\($0)", String(repeating: "group.name=\"bomb\($0 - 1)\" ", count: 8)) }) { $1 }
    func filter(_ text: String) throws -> TraceFilter {
      try TraceFilter(FilterExpression(parsing: text)) { group in
        switch group {
        case .name(let name): groups[name].flatMap { try? FilterExpression(parsing: $0) }
        case .arn(let arn): arn == "arn:slow" ? try? FilterExpression(parsing: "responsetime > 5") : nil
        }
      }
    }
    #expect(try filter(#"group.name = "slow" AND user = "alice""#).matches(failedOrder))
    #expect(try filter(#"group.name = "bad" group.arn = "arn:slow""#).matches(failedOrder))
    #expect(try !filter(#"group.name != "slow""#).matches(failedOrder))
    #expect(
      try filter(#"group.name = "all""#).matches(failedOrder) && !filter(#"group.name != "all""#).matches(failedOrder))
    #expect(try filter(#"group.name = "bad""#).needs == .summary)
    let expression = try FilterExpression(parsing: #"!group.name = "a" OR service { ok } OR group.arn != "b""#)
    #expect(expression.groups == [.name("a"), .arn("b")])
    for (text, error) in [
      (#"group.name = "none""#, GroupError.unknown(.name("none"))), (#"group.name = "a""#, .circular(.name("a"))),
      (#"group.name = "bomb15""#, .tooLarge),
    ] {
      #expect(throws: error) { try filter(text) }
    }
  }

  @Test func `takes groups inside groups up to a depth`() throws {
    // A negation, an alternative and a reference a turn.
    let turns = 42
    let negations = String(repeating: "!(ok OR ", count: turns)
    let ends = String(repeating: ")", count: turns)
    func filter(_ levels: Int) throws -> TraceFilter {
      try TraceFilter(FilterExpression(parsing: "group.name = \"\(levels)\"")) { group in
        guard case .name(let name) = group, let level = Int(name) else { return nil }
        let inner = level == 1 ? "fault" : "group.name = \"\(level - 1)\""
        return try? FilterExpression(parsing: negations + inner + ends)
      }
    }
    let levels = (GroupError.depthLimit - 1) / (2 * turns + 1)
    let deepest = try filter(levels)
    #expect(deepest.matches(failedOrder) && deepest.explain(failedOrder).holds)
    #expect(throws: GroupError.tooLarge) { try filter(levels + 1) }
    #expect(throws: GroupError.tooLarge) { try filter(5_000) }
  }

  @Test func `explains its answer term by term`() throws {
    let text = #"responsetime > 5 (user = "carol" OR !service("api") { fault AND responsetime > 2 }) annotation.none"#
    let explanation = try TraceFilter(FilterExpression(parsing: text)).explain(failedOrder)
    #expect(
      explanation.description == """
        ✗ all of
          ✓ responsetime > 5: 7.25
          ✓ any of
            ✗ user = "carol": "alice", "bob"
            ✓ not
              ✗ service("api") { fault AND responsetime > 2 }
                ✗ api (AWS::Lambda)
                  ✗ all of
                    ✓ fault: true
                    ✗ responsetime > 2: 1.25
          ✗ annotation.none: not set
        """)
    let others =
      #"service("no") edge("web", "orders") rootcause.json = #[{}] rootcause.fault.exception { name = "Bang" } throttle"#
    let other = try TraceFilter(FilterExpression(parsing: others)).explain(failedOrder).description
    #expect(
      other == """
        ✗ all of
          ✗ service("no"): api (AWS::Lambda), orders (AWS::DynamoDB::Table), web (AWS::EC2::Instance), web (client)
          ✓ edge("web", "orders"): web (AWS::EC2::Instance) → orders (AWS::DynamoDB::Table)
          ✓ rootcause.json = #[{}]: web → api, web → orders, web → orders
          ✗ rootcause.fault.exception { name = "Bang" }
            ✗ Boom, exception 0
              ✗ name = "Bang": "Boom"
            ✗ Boom, exception 1
              ✗ name = "Bang": "Boom"
          ✗ throttle: false
        """)
    #expect(try TraceFilter(.all).explain(failedOrder).description == "✓ every trace")
  }
}

@Suite struct `Completions` {
  private func complete(_ text: String, at column: Int? = nil) -> FilterCompletions {
    FilterExpression.completions(
      in: text, at: column ?? text.count + 1, annotationKeys: ["tenant", "aws.operation"],
      serviceNames: ["web", "a\"b"])
  }

  @Test(arguments: [
    ("http", 1, ["http.status", "http.url", "http.method", "http.useragent", "http.clientip"]),
    ("ok AN", 4, ["AND", "annotation.tenant", "annotation[aws.operation]"]),
    ("FAULT = ", 9, ["true", "false"]), ("responsetime > ", 16, []),
    ("service(", 9, [")", "id", "\"web\"", "\"a\\\"b\""]), ("service(\"w", 9, ["\"web\""]),
    ("service(id(", 12, ["name", "type", "account.id"]),
    ("service(id(name: \"a\", ", 23, ["type", "account.id"]), ("edge(\"a\", ", 11, ["id", "\"web\"", "\"a\\\"b\""]),
    ("annotation.te", 1, ["annotation.tenant"]), ("annotation[aws", 12, ["aws.operation]"]),
    ("service { in", 11, ["inferred", "instance.id"]),
    ("edge { source.", 8, ["source.annotation.tenant", "source.annotation[aws.operation]"]),
    ("rootcause.fault.", 1, ["rootcause.fault.service", "rootcause.fault.entity", "rootcause.fault.exception"]),
    ("rootcause.fault.service { name = ", 34, ["\"web\"", "\"a\\\"b\""]),
    ("rootcause.responsetime.entity { co", 33, ["coverage"]),
    ("fault = nonsense AND o", 22, []), ("user = \"o", 8, []), ("group.name ", 12, ["=", "!="]),
    ("rootcause.json = ", 18, ["#"]),
  ])
  func `are what can stand at the end`(text: String, column: Int, choices: [String]) {
    let completions = complete(text)
    #expect(completions.column == column)
    #expect(completions.choices == choices)
  }

  @Test func `are operators first where they can follow`() {
    #expect(complete("responsetime ").choices.starts(with: ["=", "!=", "<", "<=", ">", ">="]))
    #expect(complete("user ").choices.starts(with: ["=", "!=", "CONTAINS", "BEGINSWITH", "ENDSWITH"]))
  }

  @Test func `are everything at the beginning, and what continues after a term`() {
    let start = complete("").choices
    for choice in ["ok", "service", "edge", "rootcause.json", "group.name", "NOT", "!", "(", "annotation.tenant"] {
      #expect(start.contains(choice))
    }
    let next = complete("(service() { ok ")
    for choice in ["=", "AND", "OR", "root", "}"] { #expect(next.choices.contains(choice)) }
    #expect(!next.choices.contains(")") && !next.choices.contains("edge") && next.column == 17)
  }

  @Test func `do not look behind the cursor`() {
    let completions = complete("fau = true OR ok", at: 4)
    #expect(completions.column == 1 && completions.choices == ["fault"])
    #expect(complete("ok", at: 0).choices == complete("").choices)
    #expect(complete("ok", at: 99).choices == ["ok"])
  }
}
