/// The page at `/`: what this is, and how to send to it and ask it. Stands alone.
struct LandingPage {
  /// Host and port as the browser knows them.
  let authority: String
  /// `nil` when it is not known at the moment.
  let traces: Int?

  var html: String {
    let address = authority.escapedForHTML
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>Fluoro</title>
      <style>
        :root { color-scheme: light dark }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
        h2 { font-size: 1rem; margin: 1.5rem 0 .3rem }
        pre { margin: 0; padding: .7rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; border-radius: 6px }
      </style>
      <h1>Fluoro</h1>
      <p>AWS X-Ray for Lambda on this machine. Point what you have at this address.\(held)</p>
      <h2>boto3</h2>
      <pre>boto3.client("xray", endpoint_url="http://\(address)", region_name="us-east-1")</pre>
      <h2>AWS CLI</h2>
      <pre>aws xray get-service-graph --endpoint-url http://\(address) --start-time "$(date -d -1hour +%s)" --end-time "$(date +%s)"</pre>
      <h2>X-Ray SDKs</h2>
      <pre>AWS_XRAY_DAEMON_ADDRESS=\(address)</pre>
      <h2>OpenTelemetry</h2>
      <pre>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://\(address)/v1/traces
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf</pre>
      <h2>Zipkin</h2>
      <pre>http://\(address)/api/v2/spans</pre>
      <p><a href="/healthz">health</a> · <a href="/metrics">metrics</a> · <a href="/fidelity">what became of spans</a></p>
      </html>

      """
  }

  private var held: String {
    switch traces {
    case nil: ""
    case 1?: " It holds 1 trace."
    case let traces?: " It holds \(traces) traces."
    }
  }
}

extension String {
  fileprivate var escapedForHTML: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      default: text.append(character)
      }
    }
  }
}
