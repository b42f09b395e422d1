import Testing
import XRayModel
import XRaySampler

@Suite struct SamplingRulesTests {
  static let complete = #"""
    {
      // Comments are allowed, "here" too.
      "version": 2,
      "default": {"fixed_target": 1, "rate": 0.05, "description": "the rest"},
      "rules": [ // the first match decides
        {"description": "checkout // not a comment", "host": "*.shop.example", "http_method": "POST",
         "url_path": "/checkout/*", "fixed_target": 10, "rate": 0.5, "id": "7", "unknown": [1]},
        {"host": "*", "http_method": "*", "url_path": "/health", "fixed_target": 0, "rate": 0}
      ]
    }
    """#

  @Test func `reads version 2 with comments and members of other names`() throws {
    let rules = try SamplingRules(parsing: Self.complete)
    #expect(rules.fallback == SamplingTarget(fixedTarget: 1, rate: 0.05))
    #expect(rules.rules.count == 2)
    #expect(
      rules.rules[0]
        == SamplingRule(
          description: "checkout // not a comment", host: "*.shop.example", method: "POST", path: "/checkout/*",
          target: SamplingTarget(fixedTarget: 10, rate: 0.5)))
    #expect(rules.rules[1].description == nil)
  }

  @Test func `reads version 1, a byte order mark, and a file without rules`() throws {
    let text = #"""
      {"version": 1, "default": {"fixed_target": 0, "rate": 1},
       "rules": [{"service_name": "cart", "http_method": "GET", "url_path": "*", "fixed_target": 2, "rate": 1e-1}]}
      """#
    let rules = try SamplingRules(parsing: [0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(rules.rules[0].host == "cart")
    #expect(rules.rules[0].target == SamplingTarget(fixedTarget: 2, rate: 0.1))
    let bare = try SamplingRules(parsing: #"{"version": 2, "default": {"fixed_target": 1, "rate": 0.05}}"#)
    #expect(bare == .default)
  }

  private static let rule = #""http_method": "*", "url_path": "*", "fixed_target": 1, "rate": 0.5"#

  @Test(arguments: [
    (#"[]"#, "", "must be a JSON object"),
    (#"{"default": {"fixed_target": 1, "rate": 0}}"#, "version", "is missing"),
    (#"{"version": 3, "default": {"fixed_target": 1, "rate": 0}}"#, "version", "must be 1 or 2"),
    (#"{"version": "2", "default": {"fixed_target": 1, "rate": 0}}"#, "version", "must be a whole number"),
    (#"{"version": 2}"#, "default", "is missing"),
    (#"{"version": 2, "default": 5}"#, "default", "must be an object"),
    (#"{"version": 2, "default": {"rate": 0}}"#, "default.fixed_target", "is missing"),
    (#"{"version": 2, "default": {"fixed_target": -1, "rate": 0}}"#, "default.fixed_target", "must be 0 or more"),
    (#"{"version": 2, "default": {"fixed_target": 1.5, "rate": 0}}"#, "default.fixed_target", "a whole number"),
    (#"{"version": 2, "default": {"fixed_target": 1e99, "rate": 0}}"#, "default.fixed_target", "a whole number"),
    (#"{"version": 2, "default": {"fixed_target": 1}}"#, "default.rate", "is missing"),
    (#"{"version": 2, "default": {"fixed_target": 1, "rate": 1.01}}"#, "default.rate", "from 0 to 1"),
    (#"{"version": 2, "default": {"fixed_target": 1, "rate": "1"}}"#, "default.rate", "from 0 to 1"),
    (#"{"version": 2, "default": {"host": "*", "fixed_target": 1, "rate": 0}}"#, "default.host", "not allowed"),
    (#"{"version": 2, "default": {"fixed_target": 1, "rate": 0}, "rules": {}}"#, "rules", "must be an array"),
    (#"{"version": 2, "default": {"fixed_target": 1, "rate": 0}, "rules": [7]}"#, "rules[0]", "must be an object"),
    (
      #"{"version": 2, "default": {"fixed_target": 1, "rate": 0}, "rules": [{"service_name": "*", \#(rule)}]}"#,
      "rules[0].service_name", "version 2 has host instead"
    ),
    (
      #"{"version": 1, "default": {"fixed_target": 1, "rate": 0}, "rules": [{"host": "*", \#(rule)}]}"#,
      "rules[0].host", "version 1 has service_name instead"
    ),
    (
      #"{"version": 2, "default": {"fixed_target": 1, "rate": 0}, "rules": [{"host": "*", \#(rule)}, {\#(rule)}]}"#,
      "rules[1].host", "is missing"
    ),
    (
      #"{"version": 2, "default": {"fixed_target": 1, "rate": 0}, "rules": [{"host": 1, \#(rule)}]}"#,
      "rules[0].host", "must be text"
    ),
  ]) func `names the rule and the member that is wrong`(text: String, member: String, message: String) {
    let error = #expect(throws: SamplingRulesError.self) { try SamplingRules(parsing: text) }
    #expect(error?.member == member)
    #expect(error?.description.contains(message) == true, "\(String(describing: error))")
  }

  @Test func `says at which line and column the JSON breaks`() {
    let error = #expect(throws: SamplingRulesError.self) {
      try SamplingRules(parsing: "{\n  \"version\": 2, // two\n  \"default\": oops\n}")
    }
    #expect(error?.reason == .notJSON(.unexpectedByte, line: 3, column: 14))
  }

  @Test func `refuses files and patterns that are too long, and too many rules`() throws {
    let long = [UInt8](repeating: 0x20, count: SamplingRules.byteLimit + 1)
    #expect(throws: SamplingRulesError(.tooLong(bytes: long.count))) { try SamplingRules(parsing: long) }

    func file(rules: Int, host: String = "*") -> String {
      let rule = #"{"host":"\#(host)","http_method":"*","url_path":"*","fixed_target":1,"rate":0}"#
      let list = Array(repeating: rule, count: rules).joined(separator: ",")
      return #"{"version":2,"default":{"fixed_target":1,"rate":0},"rules":[\#(list)]}"#
    }
    #expect(try SamplingRules(parsing: file(rules: SamplingRules.ruleLimit)).rules.count == SamplingRules.ruleLimit)
    #expect(throws: SamplingRulesError(.tooManyRules(SamplingRules.ruleLimit + 1), member: "rules")) {
      try SamplingRules(parsing: file(rules: SamplingRules.ruleLimit + 1))
    }
    let error = #expect(throws: SamplingRulesError.self) {
      try SamplingRules(
        parsing: file(rules: 1, host: String(repeating: "h", count: SamplingRules.patternByteLimit + 1)))
    }
    #expect(error?.member == "rules[0].host")
  }

  @Test func `names a file that cannot be read`() {
    let error = #expect(throws: SamplingRulesError.self) { try SamplingRules(contentsOfFile: "/no/such/rules.json") }
    #expect(error?.description == "sampling rules: cannot read /no/such/rules.json: No such file or directory")
    #expect(throws: SamplingRulesError.self) { try SamplingRules(contentsOfFile: "/") }
  }

  @Test func `survives a hundred thousand random and mutated files`() {
    let random = RandomSource(seed: 42)
    // Short, so that mutations hit what matters.
    let seed = Array(
      #"""
      {"version":2,"default":{"fixed_target":1,"rate":0.05},//c
      "rules":[{"host":"*.a","http_method":"GET","url_path":"/b?","fixed_target":10,"rate":1}]}
      """#.utf8)
    let tokens = [
      "{", "}", "[", "]", ",", ":", "\"", "//", "\\", "2", "-", "1e9", "null", "\"rate\"", "\"rules\"", "\u{0}",
    ]
    var accepted = 0
    for round in 0..<100_000 {
      var bytes: [UInt8]
      if round % 10 == 0 {
        bytes = (0..<Int(random.next() % 64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      } else {
        bytes = seed
        for _ in 0..<(1 + random.next() % 3) {
          let position = Int(random.next() % UInt64(bytes.count))
          switch random.next() % 4 {
          case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
          case 1: bytes.remove(at: position)
          case 2: bytes.insert(contentsOf: tokens[Int(random.next() % UInt64(tokens.count))].utf8, at: position)
          default: bytes.removeSubrange(position..<min(bytes.count, position + 20))
          }
        }
      }
      guard let rules = try? SamplingRules(parsing: bytes) else { continue }
      accepted += 1
      #expect((0...1).contains(rules.fallback.rate) && rules.fallback.fixedTarget >= 0)
      #expect(rules.rules.allSatisfy { (0...1).contains($0.target.rate) && $0.target.fixedTarget >= 0 })
    }
    // Some mutations hit only patterns and the comment: both ways through the parser were taken.
    #expect((1000..<99_000).contains(accepted))
  }
}
