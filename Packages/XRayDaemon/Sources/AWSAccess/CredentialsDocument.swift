import XRayModel

/// The JSON object in which metadata services hand out temporary credentials.
struct CredentialsDocument {
  struct Failure: Error, CustomStringConvertible { var description: String }

  let credentials: AWSCredentials

  init(_ text: String) throws(Failure) {
    guard let json = try? JSONValue(parsing: text), json.object != nil else {
      throw Failure(description: "its answer is not a JSON object")
    }
    func string(_ key: String) -> String? { json[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    if let code = string("Code") ?? string("code"), code != "Success" {
      let message = string("Message") ?? string("message")
      throw Failure(description: "its answer is \(code)" + (message.map { ": \($0.prefix(300))" } ?? ""))
    }
    guard let key = string("AccessKeyId"), let secret = string("SecretAccessKey"), let token = string("Token") else {
      throw Failure(description: "its answer has no AccessKeyId, SecretAccessKey and Token")
    }
    var expiration: Timestamp?
    if let text = string("Expiration") {
      expiration = Timestamp(iso8601: text)
      if expiration == nil { throw Failure(description: "its answer's Expiration is not a time: \(text)") }
    }
    credentials = AWSCredentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: expiration)
  }
}

extension Timestamp {
  /// Reads `2026-11-21T09:07:39Z`, with or without a fraction of the second, which is left out.
  init?(iso8601 text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      bytes[range].allSatisfy { $0 >= 48 && $0 < 58 } ? bytes[range].reduce(0) { $0 * 10 + Int($1 - 48) } : nil
    }
    guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"),
      zip([4, 7, 10, 13, 16], "--T::".utf8).allSatisfy({ bytes[$0] == $1 }),
      bytes[19] == UInt8(ascii: "Z") || bytes[19] == UInt8(ascii: "."),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    // Days since 1970 in a calendar whose years begin in March.
    let y = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = 365 * y + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
    self.init(seconds: ((days * 24 + hour) * 60 + minute) * 60 + second)
  }
}
