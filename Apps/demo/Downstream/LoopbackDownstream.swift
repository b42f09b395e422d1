import GRDB
import XRayHTTP
import XRayModel

/// Downstream services that really answer: a web server on loopback in AWS's and the web's place, and an SQLite file.
struct LoopbackDownstream: Downstream {
  private let client: HTTPClient
  private let orders: DatabaseQueue

  init(port: Int, database: String) throws {
    client = HTTPClient(endpoint: HTTPEndpoint(host: "127.0.0.1", port: port))
    orders = try DatabaseQueue(path: database)
    try orders.write { try $0.execute(sql: "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT)") }
  }

  func call(_ call: AWSCall, header: TraceHeader?) async throws -> Answer {
    let path = [call.parameters["bucket_name"], call.parameters["key"]].compactMap { $0?.string }
    let request =
      switch call.operation {
      case "PutObject": HTTPRequest(.PUT, path: "/" + path.joined(separator: "/"), body: call.body)
      case "GetObject": HTTPRequest(.GET, path: "/" + path.joined(separator: "/"))
      default: HTTPRequest(.POST, path: "/", body: Array("{}".utf8))
      }
    return try await send(request, header)
  }

  func get(_ url: String, header: TraceHeader?) async throws -> Answer {
    try await send(HTTPRequest(.GET, path: "/"), header)
  }

  func execute(_ statement: String) async throws {
    try await orders.write { try $0.execute(sql: statement) }
  }

  func close() async throws {
    await client.close()
    try orders.close()
  }

  private func send(_ request: HTTPRequest, _ header: TraceHeader?) async throws -> Answer {
    var request = request
    if let header { request.headers.replaceOrAdd(name: TraceHeader.httpName, value: header.description) }
    let response = try await client.execute(request)
    return Answer(
      status: response.status, contentLength: response.body.count,
      requestID: response.headers.first(name: "x-amzn-RequestId"))
  }
}
