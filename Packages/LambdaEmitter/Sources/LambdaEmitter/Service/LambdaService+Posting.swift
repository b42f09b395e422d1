import EventSources
import XRayModel

/// Events that the service itself gives to functions.
extension LambdaService {
  /// Gives the function `arn` an event, in the trace of `traceHeader`. What it does not get is counted and told.
  func post(_ payload: [UInt8], to arn: String, traceHeader: String?) {
    do throws(Refusal) {
      let function = try target(arn)
      guard payload.count <= InvocationType.event.payloadBytesLimit else { throw Refusal(.tooLarge) }
      var invocation = begin(
        function.version, qualifier: function.qualifier, payload: payload,
        traceHeader: try header(traceHeader, to: function.version))
      invocation.isPosted = true
      do throws(LambdaError) { try reserve(payload.count) } catch { throw Refusal(.refused) }
      if case .terminated = workInput.yield(.event(invocation)) {
        finish(payload.count)
        throw Refusal(.refused)
      }
    } catch {
      leaveUndelivered(error.reason, arn)
    }
  }

  private func target(_ arn: String) throws(Refusal) -> (version: FunctionVersion, qualifier: String?) {
    guard let name = ARN(arn), name.region == region, name.account == account, name.resource.hasPrefix("function:")
    else { throw Refusal(.unknownFunction) }
    do throws(LambdaError) {
      return (try function(arn), try FunctionReference(parsing: arn).qualifier)
    } catch {
      throw Refusal(.unknownFunction)
    }
  }

  /// The sender's header, with the function in its lineage; a new trace's without one.
  private func header(_ text: String?, to function: FunctionVersion) throws(Refusal) -> String? {
    var header = text.flatMap { try? TraceHeader(parsing: $0) } ?? TraceHeader(root: random.traceID(at: clock.now))
    var lineage = Lineage(header.lineage)
    guard lineage.add(function.arn) else { throw Refusal(.recursion) }
    header.lineage = lineage.description
    return header.description
  }
}

private struct Refusal: Error {
  let reason: UndeliveredMessage.Reason
  init(_ reason: UndeliveredMessage.Reason) { self.reason = reason }
}

/// Which functions the service has given events in a chain, and how often: the item `Lineage` of tracing headers,
/// `a87bd80c:1|68fd508a:5`. What is written otherwise in it is not ours, and is left out.
struct Lineage: CustomStringConvertible {
  /// Lambda: how often a function is given events that come from it.
  static let roundLimit = 16
  /// Functions in a chain; more do not fit into a header.
  static let lengthLimit = 32

  private var passes: [(hash: String, count: Int)] = []

  init(_ text: String?) {
    for item in (text ?? "").split(separator: "|").prefix(Self.lengthLimit) {
      let parts = item.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].utf8.count == 8, let count = Int(parts[1]), (1...Self.roundLimit).contains(count)
      else { continue }
      passes.append((String(parts[0]), count))
    }
  }

  var description: String { passes.map { "\($0.hash):\($0.count)" }.joined(separator: "|") }

  /// Adds a function; `false` when the chain is at its end.
  mutating func add(_ arn: String) -> Bool {
    let hash = Self.hash(arn)
    guard let index = passes.firstIndex(where: { $0.hash == hash }) else {
      guard passes.count < Self.lengthLimit else { return false }
      passes.append((hash, 1))
      return true
    }
    passes[index].count += 1
    return passes[index].count <= Self.roundLimit
  }

  /// Eight hexadecimal digits: Fowler, Noll and Vo's FNV-1a.
  private static func hash(_ text: String) -> String {
    let value = text.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}
