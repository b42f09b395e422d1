import XRayModel

/// Finds the region that a program works in, in the X-Ray daemon's order.
public struct RegionLookup: Sendable {
  private let surroundings: AWSSurroundings
  private let metadata: InstanceMetadata?

  /// - Parameter metadata: `nil` for local mode: neither ECS nor EC2 is asked, but the shared files.
  public init(_ surroundings: AWSSurroundings, metadata: InstanceMetadata?) {
    self.surroundings = surroundings
    self.metadata = metadata
  }

  /// The given region, else `AWS_REGION`, else that of the ECS task or the EC2 instance; in local mode
  /// `AWS_DEFAULT_REGION` or that of the profile in the shared files.
  public func region(given: String?) async throws(RegionError) -> String {
    if let given, !given.isEmpty { return try checked(given, from: "the given region") }
    if let region = surroundings["AWS_REGION"] { return try checked(region, from: "AWS_REGION") }
    guard let metadata else { return try local() }
    var tried = ["AWS_REGION is not set"]
    do {
      return try checked(try task(), from: "the ECS task")
    } catch let error as Absence {
      tried.append(error.reason)
    } catch {
      throw error as? RegionError ?? RegionError(tried: ["\(error)"])
    }
    do {
      return try checked(try await metadata.value("/latest/meta-data/placement/region"), from: "instance metadata")
    } catch let error as RegionError {
      throw error
    } catch {
      tried.append("instance metadata: \(error)")
    }
    throw RegionError(tried: tried)
  }

  private struct Absence: Error { var reason: String }

  private func local() throws(RegionError) -> String {
    if let region = surroundings["AWS_DEFAULT_REGION"] { return try checked(region, from: "AWS_DEFAULT_REGION") }
    let config = SharedConfig(surroundings)
    if let region = config[config.profile]?["region"] { return try checked(region, from: "profile \(config.profile)") }
    throw RegionError(tried: [
      "neither AWS_REGION nor AWS_DEFAULT_REGION is set", "shared files: no region in profile \(config.profile)",
    ])
  }

  /// From the task's ARN, `arn:aws:ecs:REGION:ACCOUNT:task/…`, in the file that the ECS agent writes.
  private func task() throws(Absence) -> String {
    guard surroundings.isTrue("ECS_ENABLE_CONTAINER_METADATA"), let path = surroundings["ECS_CONTAINER_METADATA_FILE"]
    else { throw Absence(reason: "ECS: ECS_ENABLE_CONTAINER_METADATA and ECS_CONTAINER_METADATA_FILE are not set") }
    guard let text = surroundings.text(of: path), let json = try? JSONValue(parsing: text) else {
      throw Absence(reason: "ECS: no JSON can be read from \(path)")
    }
    let parts = json["TaskARN"]?.string?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    guard parts.count > 5 else { throw Absence(reason: "ECS: no TaskARN in \(path)") }
    return String(parts[3])
  }

  private func checked(_ region: String, from source: String) throws(RegionError) -> String {
    if AWSRegion.isWellFormed(region) { return region }
    throw RegionError(tried: ["\(source) is not a region's name: \(region)"])
  }
}

/// Why there is no region: what was tried, and what each place said.
public struct RegionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One text for each place, in order.
  public var tried: [String]

  public var description: String { "no AWS region: \(tried.joined(separator: "; ")) (give one by -n or AWS_REGION)" }
}
