public import LambdaEmitter
public import QueryProtocol
import Synchronization
public import XRayModel

/// What a call of the API answers.
public typealias IAMResponse = QueryResponse

/// IAM's query API for the roles of Lambda functions: as much of it as clients need to make a role, give it
/// policies, and look at both.
///
/// It knows nothing of HTTP: a server gives it the body of a `POST`. Nobody is authenticated here.
public final class AccessManagement: Sendable {
  private let records: Mutex<AccessRecords>
  /// Held while a change is made, kept and told, so that one follows the other.
  private let changing = Mutex(())
  private let clock: any WallClock
  private let random: RandomSource
  private let save: @Sendable (AccessRecords) throws -> Void
  private let changed: @Sendable (ExecutionRole) -> Void
  private let removed: @Sendable (_ arn: String) -> Void

  /// Tells of all roles that `records` has, before it returns.
  ///
  /// - Parameters:
  ///   - records: What was kept.
  ///   - random: For ids of requests, roles and policies.
  ///   - save: Keeps the records, before a change counts. When it throws, nothing has changed.
  ///   - changed: Learns of a role that is new or other than before, with all its policies, such as
  ///     `LambdaService.putRole`. It must not call back.
  ///   - removed: Learns of a role's end, by its ARN, such as `LambdaService.removeRole`. It must not call back.
  public init(
    records: AccessRecords = AccessRecords(), clock: any WallClock, random: RandomSource,
    save: @escaping @Sendable (AccessRecords) throws -> Void = { _ in },
    changed: @escaping @Sendable (ExecutionRole) -> Void, removed: @escaping @Sendable (_ arn: String) -> Void
  ) {
    self.records = Mutex(records)
    self.clock = clock
    self.random = random
    self.save = save
    self.changed = changed
    self.removed = removed
    for role in records.executionRoles { changed(role) }
  }

  /// What is known now.
  public var current: AccessRecords { records.withLock { $0 } }

  /// Answers a call: `Action=CreateRole&Version=2010-05-08&…`, form-encoded, at most 512 KiB.
  ///
  /// Whatever is wrong with it is an answer, too. A call that changes something returns when `save` has kept it, so
  /// it may wait for the disk; readers never wait for others.
  public func answer(form body: [UInt8]) -> IAMResponse {
    let requestID = random.requestID()
    var namespace = IAMAction.namespace
    do throws(IAMError) {
      let form = try Self.form(body)
      let action = try IAMAction(form)
      namespace = action.namespace
      let call = IAMCall(form, at: clock.now, random: random)
      let result = try action.isReading ? read(action, call) : change(action, call)
      return IAMResponse(action: action.rawValue, namespace: namespace, requestID: requestID, result: result)
    } catch {
      return IAMResponse(error.refusal, namespace: namespace, requestID: requestID)
    }
  }

  private static func form(_ body: [UInt8]) throws(IAMError) -> QueryForm {
    do throws(QueryFormError) { return try QueryForm(parsing: body) } catch { throw IAMError(error) }
  }

  private func read(_ action: IAMAction, _ call: IAMCall) throws(IAMError) -> XMLWriter? {
    var copy = current
    return try copy.perform(action, call)
  }

  private func change(_ action: IAMAction, _ call: IAMCall) throws(IAMError) -> XMLWriter? {
    try changing.withLock { _ throws(IAMError) in
      let before = current
      var after = before
      let result = try after.perform(action, call)
      if after == before { return result }
      do {
        try save(after)
      } catch {
        throw IAMError(.serviceFailure, "The change could not be kept: \(error)")
      }
      records.withLock { $0 = after }
      tell(from: before, to: after)
      return result
    }
  }

  private func tell(from before: AccessRecords, to after: AccessRecords) {
    for (name, role) in after.roles where before.roles[name] != role { changed(after.executionRole(role)) }
    for (name, role) in before.roles where after.roles[name] == nil { removed(role.arn(in: before.account)) }
  }
}
