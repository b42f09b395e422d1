import NIOCore
import NIOHTTP1
import XRayHTTP
import XRayModel

/// IAM's API of a `fluoro serve`, as far as roles need it.
struct RoleService {
  struct Policy {
    var name: String
    var arn: String
  }

  let client: HTTPClient

  /// Calls an action, and answers its result.
  @discardableResult
  func call(_ action: String, _ parameters: [(name: String, value: String)] = []) async throws -> RoleXML {
    let fields = [("Action", action), ("Version", "2010-05-08")] + parameters
    let form = fields.map { "\($0.0)=\($0.1.formEncoded)" }.joined(separator: "&")
    let request = HTTPRequest(
      .POST, path: "/", headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
      body: Array(form.utf8))
    let response: HTTPResponse
    do {
      response = try await client.execute(request)
    } catch {
      throw Failure.unreachable("\(error): is `fluoro serve` at work?")
    }
    guard let xml = try? RoleXML(parsing: response.body) else {
      throw Failure.failed("\(client.endpoint) answered \(action) with status \(response.status) and no XML")
    }
    guard response.status == 200 else {
      let (code, message) = (xml["Error"]?["Code"]?.text, xml["Error"]?["Message"]?.text)
      throw Failure.failed("\(code ?? "status \(response.status)"): \(message ?? "no message")")
    }
    return xml["\(action)Result"] ?? RoleXML(name: "\(action)Result")
  }

  /// All members of the list `name`, page by page.
  func list(
    _ action: String, _ name: String, _ parameters: [(name: String, value: String)] = []
  ) async throws -> [RoleXML] {
    var members: [RoleXML] = []
    var marker: String?
    repeat {
      let page = try await call(action, parameters + [("MaxItems", "1000")] + (marker.map { [("Marker", $0)] } ?? []))
      members += page.list(name)
      let next = page["IsTruncated"]?.text == "true" ? page["Marker"]?.text : nil
      // A list that does not move on would have no end.
      if next != nil, next == marker { throw Failure.failed("\(action) gives the same page again") }
      marker = next
    } while marker != nil
    return members
  }

  /// The managed policy that an ARN, a name, or a path and a name such as `service-role/AWSLambdaBasicExecutionRole`
  /// means.
  func policy(_ text: String) async throws -> Policy {
    if text.hasPrefix("arn:") {
      return Policy(name: text.split(separator: "/").last.map(String.init) ?? text, arn: text)
    }
    let found = try await list("ListPolicies", "Policies").filter { policy in
      let (path, name) = (policy["Path"]?.text ?? "/", policy["PolicyName"]?.text ?? "")
      return text == name || text == "\(path.dropFirst())\(name)"
    }
    let arns = found.compactMap { $0["Arn"]?.text }
    guard let arn = arns.first else {
      throw Failure.failed("there is no policy \(text); `aws iam list-policies` lists those that are known")
    }
    if arns.count > 1 { throw Failure.failed("\(text) names several policies: \(arns.joined(separator: ", "))") }
    return Policy(name: found[0]["PolicyName"]?.text ?? text, arn: arn)
  }

  /// What the version of a managed policy says that counts.
  func document(of policy: Policy) async throws -> JSONValue {
    let version = try await call("GetPolicy", [("PolicyArn", policy.arn)])["Policy"]?["DefaultVersionId"]?.text
    let answer = try await call("GetPolicyVersion", [("PolicyArn", policy.arn), ("VersionId", version ?? "v1")])
    return answer["PolicyVersion"]?["Document"]?.document ?? .null
  }
}

extension RoleXML {
  fileprivate init(name: String) { self.name = name }

  /// A document as IAM writes it in answers: JSON with escapes as in a URL.
  var document: JSONValue? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let code = UInt8(Substring(rest.prefix(2)), radix: 16) else { return nil }
      bytes.append(code)
      rest.removeFirst(2)
    }
    return try? JSONValue(parsing: bytes.span)
  }
}

extension String {
  /// As the value of a form's field.
  fileprivate var formEncoded: String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return text
  }
}
