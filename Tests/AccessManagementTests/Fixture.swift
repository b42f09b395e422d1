import AccessManagement
import LambdaEmitter
import Synchronization
import XRayModel

/// A clock that stands still.
struct StillClock: WallClock {
  var now = Timestamp(ticks: 1_700_000_000 * Timestamp.ticksPerSecond + 1_234_567)
  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {}
}

/// What the Lambda service would have learned, in order.
final class Told: Sendable {
  private let kept = Mutex<[(arn: String, role: ExecutionRole?)]>([])
  func add(_ arn: String, _ role: ExecutionRole?) { kept.withLock { $0.append((arn, role)) } }
  var count: Int { kept.withLock { $0.count } }
  /// What was told last of a role; `nil` when it is gone, or was never told of.
  func role(_ arn: String) -> ExecutionRole? { kept.withLock { kept in kept.last { $0.arn == arn }?.role } }
}

/// An account, and calls of its API.
struct Account: Sendable {
  static let lambdaTrust = trust("Allow", "lambda.amazonaws.com")
  static let tracing = statement("Allow", "xray:PutTraceSegments")
  static let putTraceSegments = "xray:PutTraceSegments"

  let told = Told()
  let access: AccessManagement

  init(records: AccessRecords = AccessRecords(), save: @escaping @Sendable (AccessRecords) throws -> Void = { _ in }) {
    let told = told
    access = AccessManagement(
      records: records, clock: StillClock(), random: RandomSource(seed: 1), save: save,
      changed: { told.add($0.arn, $0) }, removed: { told.add($0, nil) })
  }

  static func arn(_ role: String) -> String { "arn:aws:iam::123456789012:role/\(role)" }
  static func policyARN(_ policy: String) -> String { "arn:aws:iam::123456789012:policy/\(policy)" }
  static func awsARN(_ policy: String) -> String { "arn:aws:iam::aws:policy/\(policy)" }

  static func statement(_ effect: String, _ action: String) -> String {
    #"{"Version":"2012-10-17","Statement":[{"Effect":"\#(effect)","Action":"\#(action)","Resource":"*"}]}"#
  }

  static func trust(_ effect: String, _ service: String) -> String {
    #"{"Statement":{"Effect":"\#(effect)","Principal":{"Service":"\#(service)"},"Action":"sts:AssumeRole"}}"#
  }

  @discardableResult
  func call(_ action: String, _ parameters: [String: String] = [:], version: String = "2010-05-08") -> Answer {
    let fields = parameters.merging(["Action": action, "Version": version]) { $1 }
    return Answer(
      access.answer(form: Array(fields.map { "\(escaped($0))=\(escaped($1))" }.joined(separator: "&").utf8)))
  }

  /// Makes a role that Lambda may assume.
  @discardableResult
  func role(_ name: String = "orders", _ others: [String: String] = [:]) -> Answer {
    call("CreateRole", ["RoleName": name, "AssumeRolePolicyDocument": Self.lambdaTrust].merging(others) { $1 })
  }

  @discardableResult
  func attach(_ arn: String, to role: String = "orders") -> Answer {
    call("AttachRolePolicy", ["RoleName": role, "PolicyArn": arn])
  }

  @discardableResult
  func put(_ document: String, as name: String = "own", to role: String = "orders") -> Answer {
    call("PutRolePolicy", ["RoleName": role, "PolicyName": name, "PolicyDocument": document])
  }

  /// Whether the role may send segments, as Lambda was told.
  func mayTrace(_ role: String = "orders") -> Bool {
    told.role(Self.arn(role))?.allows(Self.putTraceSegments) ?? false
  }

  private func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isPlain ? String(scalar) : byte < 16 ? "%0" + String(byte, radix: 16) : "%" + String(byte, radix: 16)
    }.joined()
  }
}

/// An answer, to be asked for the text of its elements.
struct Answer: CustomStringConvertible {
  let response: IAMResponse
  var status: Int { response.status }
  var xml: String { String(decoding: response.body, as: UTF8.self) }
  var description: String { "\(status) \(xml)" }
  var code: String? { self["Code"] }
  var message: String? { self["Message"] }
  /// Status and code of a refusal.
  var refusal: Refusal? { code.map { Refusal(status: status, code: $0) } }

  init(_ response: IAMResponse) { self.response = response }

  /// The content of the first element of that name.
  subscript(name: String) -> String? { all(name).first }

  /// The content of all elements of that name, which must not contain each other.
  func all(_ name: String) -> [String] {
    xml.split(separator: "<\(name)>", omittingEmptySubsequences: false).dropFirst()
      .map { part in String(part.split(separator: "</\(name)>", omittingEmptySubsequences: false)[0]) }
  }
}

struct Refusal: Equatable {
  var status: Int
  var code: String

  static let noSuchEntity = Refusal(status: 404, code: "NoSuchEntity")
  static let alreadyExists = Refusal(status: 409, code: "EntityAlreadyExists")
  static let limitExceeded = Refusal(status: 409, code: "LimitExceeded")
  static let deleteConflict = Refusal(status: 409, code: "DeleteConflict")
  static let validation = Refusal(status: 400, code: "ValidationError")
  static let invalidInput = Refusal(status: 400, code: "InvalidInput")
  static let malformedPolicy = Refusal(status: 400, code: "MalformedPolicyDocument")
}
