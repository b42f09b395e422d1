/// Who sends telemetry: the instance's id and the machine's name.
public struct HostIdentity: Hashable, Sendable {
  /// Empty when it is not known.
  public var instanceID: String
  /// Empty when it is not known.
  public var hostName: String

  public init(instanceID: String = "", hostName: String = "") {
    self.instanceID = instanceID
    self.hostName = hostName
  }

  /// `AWS_INSTANCE_ID` and `AWS_HOSTNAME`, and what they leave open from the instance's metadata.
  ///
  /// - Parameter metadata: `nil` for local mode: only the environment counts.
  public static func lookUp(_ surroundings: AWSSurroundings, metadata: InstanceMetadata?) async -> HostIdentity {
    func value(_ variable: String, _ path: String) async -> String {
      if let value = surroundings[variable] { return value }
      return (try? await metadata?.value("/latest/meta-data/" + path)) ?? ""
    }
    return HostIdentity(
      instanceID: await value("AWS_INSTANCE_ID", "instance-id"), hostName: await value("AWS_HOSTNAME", "hostname"))
  }
}
