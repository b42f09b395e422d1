import FoundationEssentials
import XRayModel

/// Calls of Lambda's API, and of IAM's for a role.
extension APICall {
  static let roleName = "fluoro-bench"
  private static let functions = "/2015-03-31/functions"

  private init(_ method: String, _ path: String, headers: [String], _ body: [UInt8]) {
    let lines =
      ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Content-Length: \(body.count)"] + headers + ["", ""]
    bytes = Array(lines.joined(separator: "\r\n").utf8) + body
  }

  /// The last one of its connection: an answer without a body ends with it.
  private static func single(_ method: String, _ path: String, _ type: String, _ body: [UInt8]) -> APICall {
    APICall(method, path, headers: ["Content-Type: \(type)", "Connection: close"], body)
  }

  // MARK: The role

  static var createRole: APICall {
    var trust = JSONWriter()
    trust.object { writer in
      writer.member("Version", "2012-10-17")
      writer.key("Statement")
      writer.object { writer in
        writer.member("Effect", "Allow")
        writer.key("Principal")
        writer.object { $0.member("Service", "lambda.amazonaws.com") }
        writer.member("Action", "sts:AssumeRole")
      }
    }
    return form(["Action": "CreateRole", "RoleName": roleName, "AssumeRolePolicyDocument": trust.text])
  }

  /// Lets functions write traces.
  static var attachPolicy: APICall {
    form([
      "Action": "AttachRolePolicy", "RoleName": roleName,
      "PolicyArn": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
    ])
  }

  private static func form(_ values: KeyValuePairs<String, String>) -> APICall {
    let pairs = [("Version", "2010-05-08")] + values.map { ($0.key, $0.value) }
    let text = pairs.map { "\($0)=\(escaped($1))" }.joined(separator: "&")
    return single("POST", "/", "application/x-www-form-urlencoded", Array(text.utf8))
  }

  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }

  // MARK: Functions

  /// - Parameter archive: A zip archive with a `bootstrap`.
  static func createFunction(_ name: String, role: String, isTraced: Bool, archive: [UInt8]) -> APICall {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("FunctionName", name)
      writer.member("Role", role)
      writer.member("Runtime", "provided.al2023")
      writer.member("Handler", "bootstrap")
      // The clients here are patient, and a build without optimization is large.
      writer.member("Timeout", 60)
      writer.member("MemorySize", 512)
      writer.key("TracingConfig")
      writer.object { $0.member("Mode", isTraced ? "Active" : "PassThrough") }
      writer.key("Code")
      writer.object { $0.member("ZipFile", Data(archive).base64EncodedString()) }
    }
    return single("POST", functions, "application/json", writer.bytes)
  }

  static func deleteFunction(_ name: String) -> APICall {
    single("DELETE", "\(functions)/\(name)", "application/json", [])
  }

  /// - Parameter number: The event, which comes back.
  static func invoke(_ name: String, _ number: Int, traceHeader: String? = nil) -> APICall {
    APICall(
      "POST", "\(functions)/\(name)/invocations", headers: traceHeader.map { ["X-Amzn-Trace-Id: \($0)"] } ?? [],
      Array("\(number)".utf8))
  }

  /// A question that costs the server next to nothing.
  static let health = APICall("GET", "/healthz", headers: [], [])
}
