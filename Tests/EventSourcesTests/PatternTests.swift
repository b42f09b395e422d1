import EventSources
import Testing
import XRayModel

@Suite struct `An event pattern` {
  @Test(arguments: [
    (#"{"a":["x"]}"#, #"{"a":"x"}"#, true), (#"{"a":["x"]}"#, #"{"a":"y"}"#, false),
    (#"{"a":["x"]}"#, #"{}"#, false), (#"{"a":["x","y"]}"#, #"{"a":"y","b":1}"#, true),
    (#"{"a":["x"],"b":["y"]}"#, #"{"a":"x"}"#, false),
    (#"{"a":[null]}"#, #"{"a":null}"#, true), (#"{"a":[null]}"#, #"{"a":""}"#, false),
    (#"{"a":[""]}"#, #"{"a":""}"#, true), (#"{"a":[""]}"#, #"{}"#, false),
    (#"{"a":[1]}"#, #"{"a":1.0}"#, true), (#"{"a":[1]}"#, #"{"a":"1"}"#, false),
    (#"{"a":[true]}"#, #"{"a":true}"#, true), (#"{"a":[true]}"#, #"{"a":"true"}"#, false),
    (#"{"a":{"b":{"c":["x"]}}}"#, #"{"a":{"b":{"c":"x"}}}"#, true),
    (#"{"a":{"b":["x"]}}"#, #"{"a":"x"}"#, false),
    (#"{"a":["x"]}"#, #"{"a":["z","x"]}"#, true), (#"{"a":["x"]}"#, #"{"a":[]}"#, false),
    (#"{"a":{"b":["x"],"c":["y"]}}"#, #"{"a":[{"b":"x","c":"y"}]}"#, true),
    (#"{"a":{"b":["x"],"c":["y"]}}"#, #"{"a":[{"b":"x"},{"c":"y"}]}"#, false),
    (#"{"a":[{"prefix":"ab"}]}"#, #"{"a":"abc"}"#, true), (#"{"a":[{"prefix":"ab"}]}"#, #"{"a":"ABC"}"#, false),
    (#"{"a":[{"prefix":{"equals-ignore-case":"ab"}}]}"#, #"{"a":"ABC"}"#, true),
    (#"{"a":[{"suffix":"bc"}]}"#, #"{"a":"abc"}"#, true), (#"{"a":[{"suffix":"bc"}]}"#, #"{"a":1}"#, false),
    (#"{"a":[{"suffix":{"equals-ignore-case":"bc"}}]}"#, #"{"a":"ABC"}"#, true),
    (#"{"a":[{"equals-ignore-case":"AbC"}]}"#, #"{"a":"aBc"}"#, true),
    (#"{"a":[{"anything-but":"x"}]}"#, #"{"a":"y"}"#, true), (#"{"a":[{"anything-but":"x"}]}"#, #"{"a":"x"}"#, false),
    (#"{"a":[{"anything-but":"x"}]}"#, #"{}"#, false), (#"{"a":[{"anything-but":["x",1]}]}"#, #"{"a":1}"#, false),
    (#"{"a":[{"anything-but":["x",1]}]}"#, #"{"a":2}"#, true),
    (#"{"a":[{"anything-but":{"prefix":"x"}}]}"#, #"{"a":"xy"}"#, false),
    (#"{"a":[{"anything-but":{"suffix":["x","y"]}}]}"#, #"{"a":"ay"}"#, false),
    (#"{"a":[{"anything-but":{"prefix":"x"}}]}"#, #"{"a":5}"#, true),
    (#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, #"{"a":5}"#, true),
    (#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, #"{"a":0}"#, false),
    (#"{"a":[{"numeric":["=",3.0e2]}]}"#, #"{"a":300}"#, true), (#"{"a":[{"numeric":["<",1]}]}"#, #"{"a":"0"}"#, false),
    (#"{"a":[{"exists":true}]}"#, #"{"a":null}"#, true), (#"{"a":[{"exists":true}]}"#, #"{"a":{"b":1}}"#, false),
    (#"{"a":[{"exists":false}]}"#, #"{"b":1}"#, true), (#"{"a":{"b":[{"exists":false}]}}"#, #"{}"#, true),
    (#"{"$or":[{"a":["x"]},{"b":["y"]}]}"#, #"{"b":"y"}"#, true),
    (#"{"$or":[{"a":["x"]},{"b":["y"]}]}"#, #"{"a":"y","b":"x"}"#, false),
    (#"{"c":["z"],"$or":[{"a":["x"]},{"b":["y"]}]}"#, #"{"b":"y"}"#, false),
    (#"{"d":{"$or":[{"a":["x"]},{"b":["y"]}]}}"#, #"{"d":{"a":"x"}}"#, true),
  ])
  func `matches as EventBridge's do`(pattern: String, event: String, isMatch: Bool) throws {
    #expect(try EventPattern(parsing: pattern).matches(JSONValue(parsing: event)) == isMatch)
  }

  @Test(arguments: [
    (#"{"body":{"a":["x"]}}"#, #"{"a":"x"}"#, true), (#"{"body":{"a":["x"]}}"#, "x", false),
    (#"{"body":["x"]}"#, "x", true), (#"{"body":["x"]}"#, #"{"a":"x"}"#, false),
    (#"{"body":[{"exists":true}]}"#, #"[1]"#, false), (#"{"id":["1"]}"#, #"{"a":"x"}"#, true),
    (#"{"id":["1"]}"#, "anything", true), (#"{"body":[{"prefix":"{"}]}"#, "{no", true),
    (#"{"$or":[{"body":{"a":["x"]}},{"id":["2"]}]}"#, #"{"a":"x"}"#, true),
    (#"{"body":{"body":["x"]}}"#, #"{"body":"x"}"#, true),
  ])
  func `reads a body as JSON where it asks for members`(pattern: String, body: String, isMatch: Bool) throws {
    let filters = try EventFilters(parsing: [pattern])
    #expect(filters.admit(["id": "1", "body": .string(body)], embedded: "body") == isMatch)
  }

  @Test(arguments: [
    "", "[]", "{}", "x", #"{"a":"x"}"#, #"{"a":[]}"#, #"{"a":{}}"#, #"{"a":[["x"]]}"#, #"{"a":[{}]}"#,
    #"{"a":[{"prefix":1}]}"#, #"{"a":[{"like":"x"}]}"#, #"{"a":[{"prefix":"a","suffix":"b"}]}"#,
    #"{"a":[{"exists":"yes"}]}"#, #"{"a":[{"numeric":[]}]}"#, #"{"a":[{"numeric":["~",1]}]}"#,
    #"{"a":[{"numeric":[">",5,"<",1]}]}"#, #"{"a":[{"numeric":["<",5,">",1]}]}"#, #"{"a":[{"numeric":[">",null]}]}"#,
    #"{"a":[1e999]}"#, #"{"a":[{"anything-but":[]}]}"#, #"{"a":[{"anything-but":{"numeric":["=",1]}}]}"#,
    #"{"$or":[{"a":["x"]}]}"#, #"{"$or":[1,2]}"#, #"{"$or":{"a":["x"]}}"#,
    #"{"a":[{"equals-ignore-case":{"equals-ignore-case":"x"}}]}"#,
  ])
  func `that is malformed is refused`(text: String) {
    #expect(throws: EventPatternError.self) { try EventPattern(parsing: text) }
  }

  @Test func `has limits`() throws {
    let deep = String(repeating: #"{"a":"#, count: 17) + "[1]" + String(repeating: "}", count: 17)
    #expect(throws: EventPatternError.self) { try EventPattern(parsing: deep) }
    let wide = #"{"a":["# + (0...1000).map { "\($0)" }.joined(separator: ",") + "]}"
    #expect(throws: EventPatternError.self) { try EventPattern(parsing: wide) }
    #expect(throws: EventPatternError.self) { try EventFilters(parsing: Array(repeating: #"{"a":[1]}"#, count: 11)) }
    let long = #"{"a":[""# + String(repeating: "x", count: 4096) + #""]}"#
    #expect(throws: EventPatternError.self) { try EventFilters(parsing: [long]) }
    #expect(try EventPattern(parsing: long).matches(["a": "y"]) == false)
    #expect(EventFilters().admit([:], embedded: "body"))
  }

  /// Random values of a small alphabet, so that they meet.
  static func value(_ random: RandomSource, depth: Int) -> JSONValue {
    switch random.next() % (depth > 0 ? 7 : 5) {
    case 0: .null
    case 1: .bool(random.next() % 2 == 0)
    case 2: .number(JSONNumber(Int(random.next() % 3)))
    case 3, 4: .string(["", "a", "ab"][Int(random.next() % 3)])
    case 5: .array((0..<Int(random.next() % 3)).map { _ in value(random, depth: depth - 1) })
    default:
      .object(
        JSONObject(
          ["x", "y"].prefix(Int(random.next() % 3)).map { .init(key: $0, value: value(random, depth: depth - 1)) })
      )
    }
  }

  /// The event's own values as a pattern; `nil` for what a pattern cannot ask for.
  static func pattern(of event: JSONObject) -> JSONObject? {
    var pattern = JSONObject()
    for member in event.members {
      switch member.value {
      case .object(let inner): pattern[member.key] = self.pattern(of: inner).map { .object($0) }
      case .array: continue
      default: pattern[member.key] = [member.value]
      }
    }
    return pattern.isEmpty ? nil : pattern
  }

  @Test func `made of an event's own values matches it, and an exact value matches where anything-but does not`()
    throws
  {
    let random = RandomSource(seed: 11)
    for _ in 0..<2000 {
      let event = JSONObject(["x", "y", "z"].map { .init(key: $0, value: Self.value(random, depth: 3)) })
      if let own = Self.pattern(of: event) {
        #expect(try EventPattern(.object(own)).matches(.object(event)), "\(event)")
      }
      let asked = JSONValue.string(["", "a", "ab"][Int(random.next() % 3)])
      guard let value = event["x"], value.array == nil, value.object == nil else { continue }
      let exact = try EventPattern(["x": [asked]]).matches(.object(event))
      let other = try EventPattern(["x": [["anything-but": asked]]]).matches(.object(event))
      #expect(exact != other)
      #expect(exact == (value == asked))
    }
  }

  @Test func `of any form is read or refused, and matching it ends`() {
    let random = RandomSource(seed: 23)
    let keys = ["x", "y", "$or", "prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"]
    func noise(_ depth: Int) -> JSONValue {
      switch random.next() % (depth > 0 ? 6 : 3) {
      case 0: .string(["<", "x", ""][Int(random.next() % 3)])
      case 1: .number(JSONNumber(Int(random.next() % 3)))
      case 2: random.next() % 2 == 0 ? .null : .bool(true)
      case 3: .array((0..<Int(random.next() % 4)).map { _ in noise(depth - 1) })
      default:
        .object(
          JSONObject(
            (0..<Int(random.next() % 3) + 1).map { _ in
              .init(key: keys[Int(random.next() % UInt64(keys.count))], value: noise(depth - 1))
            }))
      }
    }
    var read = 0
    for _ in 0..<4000 {
      guard let pattern = try? EventPattern(["x": [noise(2)], "y": noise(3)]) else { continue }
      read += 1
      for _ in 0..<5 { _ = pattern.matches(["x": noise(2), "y": noise(3)]) }
    }
    #expect(read > 50)
  }
}
