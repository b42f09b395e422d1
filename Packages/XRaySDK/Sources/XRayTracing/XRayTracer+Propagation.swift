public import Tracing
import XRayModel
import XRaySDK

extension XRayTracer {
  /// Reads `X-Amzn-Trace-Id`, or else W3C's `traceparent`. What is malformed counts as absent.
  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { extractor.extract(key: $0, from: carrier) }.first
    }
    let own = value(TraceHeader.httpName, "x-amzn-trace-id").flatMap { try? TraceHeader(parsing: $0) }
    guard let header = own ?? value("traceparent", "Traceparent").flatMap(TraceHeader.init(traceparent:)) else {
      return
    }
    context.traceScope = TraceScope(.upstream(header))
    context.traceState = value("tracestate", "Tracestate")
  }

  /// Writes `X-Amzn-Trace-Id`, and `traceparent` beside it; nothing outside of any trace.
  public func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard let header = recorder.scope(in: context).header else { return }
    injector.inject(header.description, forKey: TraceHeader.httpName, into: &carrier)
    guard let traceparent = header.traceparent else { return }
    injector.inject(traceparent, forKey: "traceparent", into: &carrier)
    if let state = context.traceState { injector.inject(state, forKey: "tracestate", into: &carrier) }
  }
}

extension TraceHeader {
  /// Reads W3C's `version-traceid-parentid-flags`; `nil` when it is malformed or all zeros.
  init?(traceparent text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].count == 2, parts[0] != "ff", parts[0] != "00" || parts.count == 4,
      UInt8(parts[0], radix: 16) != nil, let root = TraceID(w3c: parts[1]), root != .notSampled,
      let parent = EntityID(parts[2]), parent != .notSampled,
      parts[3].count == 2, let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    self.init(root: root, parent: parent, sampling: flags & 1 == 1 ? .sampled : .notSampled)
  }

  /// W3C's form; `nil` where it would be invalid.
  var traceparent: String? {
    guard root != .notSampled, let parent, parent != .notSampled else { return nil }
    return "00-\(root.w3c)-\(parent)-\(sampling == .sampled ? "01" : "00")"
  }
}

private enum TraceStateKey: ServiceContextKey {
  typealias Value = String
  static let nameOverride: String? = "tracestate"
}

extension ServiceContext {
  /// W3C's `tracestate`, passed on unchanged.
  fileprivate var traceState: String? {
    get { self[TraceStateKey.self] }
    set { self[TraceStateKey.self] = newValue }
  }
}
