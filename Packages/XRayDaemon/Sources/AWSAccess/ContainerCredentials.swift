import NIOHTTP1
import XRayHTTP
import XRayModel

/// The role of an ECS task or of a pod with EKS Pod Identity, from an address in the container's environment.
public struct ContainerCredentials: CredentialSource {
  public let name = "container"
  private static let deadline = Duration.seconds(1)
  /// ECS's, and EKS's in both address families. Elsewhere than there and on this machine, only `https` is asked.
  private static let hosts: Set<String> = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]

  private let surroundings: AWSSurroundings

  public init(_ surroundings: AWSSurroundings) { self.surroundings = surroundings }

  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    let (endpoint, path) = try address()
    var request = HTTPRequest(path: path)
    if let authorization = try authorization() { request.headers.add(name: "Authorization", value: authorization) }
    do {
      var response = try await surroundings.ask(endpoint, request, deadline: Self.deadline)
      if response.status >= 500 {
        response = try await surroundings.ask(endpoint, request, deadline: Self.deadline)
      }
      guard response.status == 200 else {
        throw failed("\(endpoint) answered with status \(response.status)")
      }
      return try CredentialsDocument(String(decoding: response.body, as: UTF8.self)).credentials
    } catch let error as CredentialsError {
      throw error
    } catch {
      throw failed("\(endpoint): \(error)")
    }
  }

  private func address() throws(CredentialsError) -> (HTTPEndpoint, String) {
    if let path = surroundings["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
      guard path.hasPrefix("/") else {
        throw failed("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /: \(path)")
      }
      return (HTTPEndpoint(host: "169.254.170.2", port: 80), path)
    }
    let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    guard let url = surroundings[variable] else {
      throw absent("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor \(variable) is set")
    }
    let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
    let pathStart = url[start...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
    guard let endpoint = HTTPEndpoint(url: String(url[..<pathStart])) else {
      throw failed("\(variable) is not of the form http://host[:port]/path: \(url)")
    }
    guard endpoint.isSecure || Self.isAllowed(endpoint.host) else {
      throw failed("\(variable) may be plain http for this machine and for ECS and EKS only, not for \(endpoint.host)")
    }
    let path = url[pathStart...]
    return (endpoint, path.first == "/" ? String(path) : "/" + path)
  }

  private static func isAllowed(_ host: String) -> Bool {
    if hosts.contains(host.lowercased()) || host.lowercased() == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private func authorization() throws(CredentialsError) -> String? {
    var token = surroundings["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    if let path = surroundings["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
      token = surroundings.text(of: path)
      if token == nil { throw failed("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: \(path)") }
    }
    return token
  }
}
