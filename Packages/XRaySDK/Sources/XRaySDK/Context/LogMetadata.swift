public import Logging
import ServiceContextModule

extension Logger.MetadataProvider {
  /// Adds the current trace and entity to log lines, as `AWS-XRAY-TRACE-ID: <trace id>@<entity id>`; nothing
  /// when the request is not sampled.
  public static let xray = Logger.MetadataProvider {
    guard case .recorded(let record, let id)? = ServiceContext.current?.traceScope?.kind else { return [:] }
    return ["AWS-XRAY-TRACE-ID": "\(record.traceID)@\(id)"]
  }
}
