import Testing
import XRayModel

private func rendered(_ text: String) throws -> String { try JSONValue(parsing: text).rendered() }

struct JSONTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "-12.50", "1.499473411677E9", "9007199254740993", "1e+20", "1E-7",
    "0.1000000000000000055511151231257827", "\"\"", "\"a b\"", "[]", "{}", "[1,[2,[]],{}]",
    #"{"z":1,"a":{"y":null,"b":[true]},"Z":"x"}"#, #""ü 漢 🎬""#, #""\"\\/\n\r\t\b\f\u0001\u001f""#,
  ])
  func `what is written without blanks comes back byte for byte`(text: String) throws {
    #expect(try rendered(text) == text)
  }

  @Test(arguments: [
    (" \t\r\n[ 1 ,\n2 ] ", "[1,2]"), (#"{ "a" : 1 , "b" : { } }"#, #"{"a":1,"b":{}}"#),
    (#""\u0041\u00e9\/\ud83c\udfac""#, #""Aé/🎬""#), (#""\u0008\u000C""#, #""\b\f""#),
    // Halves of surrogate pairs, alone, twice, in the wrong order and before the end.
    (#""\ud83c""#, "\"\u{FFFD}\""), (#""\udfac""#, "\"\u{FFFD}\""), (#""\ud83cx\udfac""#, "\"\u{FFFD}x\u{FFFD}\""),
    (#""\ud83c\ud83c\udfac""#, "\"\u{FFFD}🎬\""), (#""\udfac\ud83c""#, "\"\u{FFFD}\u{FFFD}\""),
    (#""\ud83c\u0041""#, "\"\u{FFFD}A\""), (#""\ud83c\n""#, "\"\u{FFFD}\\n\""),
    // Of repeated keys the last one counts, also when there are many, and when escapes hide the repetition.
    (#"{"a":1,"b":2,"a":3}"#, #"{"b":2,"a":3}"#), (#"{"a":1,"\u0061":2}"#, #"{"a":2}"#),
  ])
  func `blanks, escapes and repetitions are resolved`(text: String, output: String) throws {
    #expect(try rendered(text) == output)
  }

  @Test(
    arguments: [
      ("", JSONError.Reason.unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("[1,", .unexpectedEnd, 3),
      ("[1", .unexpectedEnd, 2), ("{\"a\":", .unexpectedEnd, 5), ("\"abc", .unexpectedEnd, 4),
      ("\"\\", .unexpectedEnd, 1), ("\"\\u00", .unexpectedEnd, 1), ("\"\\u004", .unexpectedEnd, 1),
      ("tru", .unexpectedByte, 0), ("nulL", .unexpectedByte, 0), ("[1 2]", .unexpectedByte, 3),
      ("{1:2}", .unexpectedByte, 1),
      ("[,]", .unexpectedByte, 1), ("[1,]", .unexpectedByte, 3), ("{\"a\":1,}", .unexpectedByte, 7),
      ("{\"a\" 1}", .unexpectedByte, 5), ("'a'", .unexpectedByte, 0), ("+1", .unexpectedByte, 0),
      (".5", .unexpectedByte, 0),
      ("\u{FEFF}1", .unexpectedByte, 0), ("// x", .unexpectedByte, 0),
      ("\"a\nb\"", .badString, 2), ("\"a long text, then\tb\"", .badString, 18), ("\"\\x\"", .badString, 1),
      ("\"\\u00g0\"", .badString, 1),
      ("-", .badNumber, 1), ("1.", .badNumber, 2), ("1e", .badNumber, 2), ("1e+", .badNumber, 3), ("-a", .badNumber, 1),
      ("1.e5", .badNumber, 2), ("NaN", .nonFiniteNumber, 0), ("-Infinity", .nonFiniteNumber, 1),
      ("01", .trailingBytes, 1), ("1 1", .trailingBytes, 2), ("{}}", .trailingBytes, 2), ("0x10", .trailingBytes, 1),
    ] as [(String, JSONError.Reason, Int)])
  func `what is not JSON is refused with reason and place`(text: String, reason: JSONError.Reason, offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.reason == reason && error?.offset == offset)
  }

  @Test(arguments: ["NaN", "Infinity", "-Infinity", "[NaN,-Infinity]"])
  func `numbers that are not finite read where they are allowed, and are answered as null`(text: String) throws {
    let value = try JSONValue(parsing: text, allowsNonFinite: true)
    #expect(!value.rendered().contains("N") && !value.rendered().contains("I"))
    #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
  }

  @Test(arguments: ["-NaN", "Inf", "nan", "NaNN", "-I", "Infinit"])
  func `other spellings of them do not read`(text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: text, allowsNonFinite: true) }
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x22], [0x22, 0x80, 0x22], [0x22, 0xC3],
    ] as [[UInt8]])
  func `what is not UTF-8 is refused`(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.span) }
  }

  /// Strings are read eight bytes at a time: no byte may hide behind its neighbours.
  @Test func `every byte means the same at every place of a string`() {
    for place in 0..<17 {
      for byte in UInt8.min...UInt8.max {
        var bytes = Array("\"aaaaaaaaaaaaaaaaa\"".utf8)
        bytes[place + 1] = byte
        let expected: JSONError.Reason? =
          switch byte {
          case ..<0x20: .badString
          case UInt8(ascii: "\""): .trailingBytes
          // An escape of "a", or of the closing quote.
          case UInt8(ascii: "\\"): place == 16 ? .unexpectedEnd : .badString
          case 0x80...: .notUTF8
          default: nil
          }
        var reason: JSONError.Reason?
        do throws(JSONError) { _ = try JSONValue(parsing: bytes.span) } catch { reason = error.reason }
        #expect(reason == expected, "byte \(byte) at \(place)")
      }
    }
  }

  @Test func `the place of a byte that is not UTF-8 is named`() {
    let bytes = Array("[\"ü is fine, the next is not: ".utf8) + [0xFE] + Array("\"]".utf8)
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.span) }
    #expect(error?.reason == .notUTF8 && error?.offset == 31)
  }

  @Test func `128 levels read and 129 do not, arrays and objects alike`() throws {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      func nested(_ levels: Int, _ core: String) -> String {
        String(repeating: open, count: levels) + core + String(repeating: close, count: levels)
      }
      #expect(try rendered(nested(128, "1")) == nested(128, "1"))
      for text in [nested(129, "1"), nested(128, "[]"), String(repeating: open, count: 100_000)] {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.reason == .tooDeep)
      }
    }
  }

  @Test func `thousands of keys, repeated or not, cost no more than their number`() throws {
    let members = (0..<20_000).map { "\"k\($0 % 15_000)\":\($0)" }
    let object = try #require(try JSONValue(parsing: "{\(members.joined(separator: ","))}").object)
    #expect(object.members.count == 15_000)
    #expect(object["k1"]?.number?.integer == 15_001)
    #expect(object.members.first?.key == "k5000")
  }

  @Test func `a subscript reaches into objects and arrays, and is nil elsewhere`() throws {
    let value = try JSONValue(parsing: #"{"a":[{"b":"c"}],"n":null}"#)
    #expect(value["a"]?[0]?["b"]?.string == "c")
    #expect(value["a"]?[1] == nil && value["a"]?[-1] == nil && value["a"]?["b"] == nil && value["x"] == nil)
    #expect(value["n"] == .null && value[0] == nil)
  }

  @Test func `setting a member keeps its place, nil takes it out`() {
    var object: JSONObject = ["a": 1, "b": 2]
    object["a"] = 3
    object["c"] = [true, nil, 1.5, "x"]
    object["b"] = nil
    object["missing"] = nil
    #expect(JSONValue.object(object).rendered() == #"{"a":3,"c":[true,null,1.5,"x"]}"#)
    #expect(Array(object.keys) == ["a", "c"] && !object.isEmpty)
  }
}

struct JSONNumberTests {
  @Test(
    arguments: [
      (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (1e14, "100000000000000"), (1e15, "1000000000000000.0"),
      (1e20, "1e+20"), (1e300, "1e+300"),
      (.leastNonzeroMagnitude, "5e-324"), (1e-7, "1e-07"), (.nan, "NaN"), (.infinity, "Infinity"),
      (-.infinity, "-Infinity"),
      (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    ] as [(Double, String)])
  func `a double has a text that reads as the same double`(value: Double, text: String) throws {
    #expect(JSONNumber(value).text == text)
    let read = try JSONValue(parsing: text, allowsNonFinite: true).number?.double
    #expect(read == value || value.isNaN && read?.isNaN == true)
  }

  @Test(
    arguments: [
      ("1", 1), ("1.0", 1), ("1e3", 1000), ("-9223372036854775808", Int.min), ("1.5", nil), ("1e400", nil),
      ("9223372036854775808", nil), ("18446744073709551616", nil),
    ] as [(String, Int?)])
  func `a number is an integer when it is whole and fits`(text: String, value: Int?) throws {
    #expect(try JSONValue(parsing: text).number?.integer == value)
  }

  @Test func `numbers that no double holds are answered as null`() throws {
    let plain = String(repeating: "9", count: 300)
    let tooLong = String(repeating: "9", count: 400)
    #expect(try rendered("[1e308,1e309,-1e999,\(plain),\(tooLong)]") == "[1e308,null,null,\(plain),null]")
  }
}

struct JSONWriterTests {
  @Test func `members and elements get their commas`() {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("s", "a\"b")
      writer.member("i", -3)
      writer.member("d", 0.5)
      writer.member("n", Double.nan)
      writer.member("b", false)
      writer.member("t", Timestamp(ticks: 15_000_000))
      writer.member("j", ["x", [:]] as JSONValue)
      writer.key("a")
      writer.array { writer in
        writer.number(1)
        writer.object { _ in }
        writer.array { _ in }
        writer.null()
        writer.bool(true)
      }
    }
    #expect(
      writer.text == #"{"s":"a\"b","i":-3,"d":0.5,"n":null,"b":false,"t":1.5,"j":["x",{}],"a":[1,{},[],null,true]}"#)
  }

  @Test func `pretty is one member a line`() throws {
    let value = try JSONValue(parsing: #"{"a":[1,{"b":[]}],"c":{}}"#)
    #expect(
      value.rendered(pretty: true) == """
        {
          "a": [
            1,
            {
              "b": []
            }
          ],
          "c": {}
        }
        """)
    #expect(try JSONValue(parsing: value.rendered(pretty: true)) == value)
  }
}
