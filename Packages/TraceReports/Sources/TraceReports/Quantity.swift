/// How times, shares and rates are written wherever people read them.
public enum Quantity {
  /// A span of seconds in three digits or so: `380 µs`, `4.5 ms`, `45 ms`, `1.23 s`, `2 min 05 s`, `1 h 02 min`.
  public static func duration(_ seconds: Double) -> String {
    let seconds = seconds.isFinite ? max(0, seconds) : 0
    switch seconds {
    case 0: return "0 ms"
    case ..<0.000_999_5: return "\(whole(max(1, seconds * 1e6))) µs"
    case ..<0.009_95: return "\(decimal(seconds * 1e3, places: 1)) ms"
    case ..<0.9995: return "\(whole(seconds * 1e3)) ms"
    case ..<9.995: return "\(decimal(seconds, places: 2)) s"
    case ..<59.95: return "\(decimal(seconds, places: 1)) s"
    default: return longDuration(whole(seconds))
    }
  }

  /// A round span of seconds as an axis has it: `0`, `500 µs`, `1 ms`, `1.5 s`.
  static func tick(_ seconds: Double) -> String {
    guard seconds > 0 else { return "0" }
    let words = duration(seconds).split(separator: " ")
    if words.count == 4, words[2] == "00" { return "\(words[0]) \(words[1])" }
    guard words.count == 2, var number = words.first, number.contains(".") else { return words.joined(separator: " ") }
    while number.last == "0" { number.removeLast() }
    if number.last == "." { number.removeLast() }
    return "\(number) \(words[1])"
  }

  private static func longDuration(_ seconds: Int) -> String {
    switch seconds {
    case ..<3600: "\(seconds / 60) min \(twoDigits(seconds % 60)) s"
    case ..<86_400: "\(seconds / 3600) h \(twoDigits(seconds / 60 % 60)) min"
    default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
  }

  /// A share of a whole, 0 to 1, as a percentage. Only nothing is `0 %` and only everything is `100 %`.
  public static func share(_ fraction: Double) -> String {
    switch fraction {
    case ...0: "0 %"
    case ..<0.001: "<0.1 %"
    case ..<0.0995: "\(decimal(fraction * 100, places: 1)) %"
    case ..<1: "\(min(99, whole(fraction * 100))) %"
    default: "100 %"
    }
  }

  /// How often something happened in a span of seconds: `12/min`. Under a minute, a rate would promise more than
  /// was seen, so it is the count: `3 calls`.
  public static func rate(_ count: Int, over seconds: Double) -> String {
    guard seconds >= 60 else { return count == 1 ? "1 call" : "\(Self.count(count)) calls" }
    let perMinute = Double(count) * 60 / seconds
    switch perMinute {
    case 0: return "0/min"
    case ..<0.1: return "<0.1/min"
    case ..<9.95: return "\(decimal(perMinute, places: 1))/min"
    case ..<600: return "\(whole(perMinute))/min"
    default: return "\(Self.count(whole(perMinute / 60)))/s"
    }
  }

  /// A count with its thousands set apart: `12,345`.
  public static func count(_ value: Int) -> String {
    var digits = Array(String(value.magnitude))
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: position)
      position -= 3
    }
    return (value < 0 ? "−" : "") + String(digits)
  }

  /// A number with at most `places` decimals, without trailing zeros: coordinates of drawings.
  static func coordinate(_ value: Double, places: Int = 2) -> String {
    var text = decimal(value, places: places)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text == "-0" ? "0" : text
  }

  /// A number with exactly `places` decimals.
  static func decimal(_ value: Double, places: Int) -> String {
    let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
    let scaled = whole(value.magnitude * Double(scale))
    let fraction = String(scaled % scale)
    let padding = String(repeating: "0", count: max(0, places - fraction.count))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return sign + String(scaled / scale) + (places == 0 ? "" : ".\(padding)\(fraction)")
  }

  private static func whole(_ value: Double) -> Int { Int(min(max(value.rounded(), -1e15), 1e15)) }

  private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
