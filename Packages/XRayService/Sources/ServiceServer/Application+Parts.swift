import DaemonServer
import XRayService

extension DaemonServer.Application {
  /// Several applications as one: a request is answered by the first that has its path and takes its method.
  static func first(of parts: [DaemonServer.Application]) -> DaemonServer.Application {
    DaemonServer.Application(
      resource: { path in
        let resources = parts.compactMap { $0.resource(path) }
        guard var whole = resources.first else { return nil }
        for resource in resources.dropFirst() {
          whole.methods += resource.methods.filter { !whole.methods.contains($0) }
          whole.bodyBytes = max(whole.bodyBytes, resource.bodyBytes)
          whole.answerTime = whole.answerTime ?? resource.answerTime
        }
        return whole
      },
      answer: { request in
        let path = request.path
        let part = parts.first { $0.resource(path)?.methods.contains(request.head.method) ?? false }
        return await part?.answer(request) ?? Response(status: .notFound)
      })
  }
}

extension ServiceApplication {
  var part: DaemonServer.Application {
    DaemonServer.Application(resource: { ServiceRoute(path: $0)?.resource }, answer: { await answer($0) })
  }

  /// Another application, for those only who may call this one.
  func guarding(_ other: DaemonServer.Application) -> DaemonServer.Application {
    DaemonServer.Application(
      resource: other.resource,
      answer: { request in
        do throws(APIError) {
          try access.check(request, at: clock.now)
          return await other.answer(request)
        } catch {
          return answer(APIResponse(error), to: request.path)
        }
      })
  }
}
