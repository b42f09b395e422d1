import Testing
import XRayModel
import XRaySampler

@Suite struct WildcardPatternTests {
  @Test(arguments: [
    ("", "", true), ("", "a", false), ("*", "", true), ("*", "anything", true), ("**", "x", true),
    ("?", "a", true), ("?", "", false), ("?", "ab", false), ("*?", "", false), ("*?", "a", true), ("?*", "", false),
    ("abc", "abc", true), ("abc", "ABC", true), ("ABC", "abc", true), ("abc", "abcd", false), ("abc", "ab", false),
    ("/api/*", "/api/", true), ("/api/*", "/api", false), ("/api/*", "/api/a/b", true),
    ("*.foo.com", "www.foo.com", true), ("*.foo.com", "foo.com", false), ("localhost:*", "localhost:8080", true),
    ("/a/*/b", "/a/x/y/b", true), ("/a/*/b", "/a/b", false), ("a*b*c", "aXbXbc", true), ("a*b*c", "aXbXb", false),
    ("a?c", "abc", true), ("a?c", "aéc", true), ("a??c", "aéc", false), ("?", "😀", true), ("*é", "aÉ", true),
    ("straße*", "STRASSE", false), ("Ω*", "ωmega", true), ("*ab", "aab", true), ("*a?b", "aaab", true),
  ]) func `matches the whole text, in any letter case`(pattern: String, text: String, expected: Bool) {
    #expect(WildcardPattern(pattern).matches(text) == expected)
  }

  @Test func `agrees with the plain recursive definition on random input`() {
    let random = RandomSource(seed: 1)
    let alphabet = Array("ab*?é")
    func text(_ length: Int, _ letters: [Character]) -> String {
      String((0..<length).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
    }
    for _ in 0..<20_000 {
      let pattern = text(Int(random.next() % 7), alphabet)
      let sample = text(Int(random.next() % 9), ["a", "b", "é"])
      let expected = plainMatch(Array(pattern)[...], Array(sample)[...])
      #expect(WildcardPattern(pattern).matches(sample) == expected, "\(pattern) on \(sample)")
    }
  }

  @Test func `stays fast on patterns that make a naive matcher explode`() {
    let pattern = WildcardPattern(String(repeating: "*a", count: 400) + "*b")
    #expect(!pattern.matches(String(repeating: "a", count: 4000)))
  }

  private func plainMatch(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    switch pattern.first {
    case nil: text.isEmpty
    case "*":
      plainMatch(pattern.dropFirst(), text) || (!text.isEmpty && plainMatch(pattern, text.dropFirst()))
    case "?": !text.isEmpty && plainMatch(pattern.dropFirst(), text.dropFirst())
    default: text.first == pattern.first && plainMatch(pattern.dropFirst(), text.dropFirst())
    }
  }
}
