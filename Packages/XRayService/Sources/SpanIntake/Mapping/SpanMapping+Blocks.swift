import XRayModel

extension SpanMapping {
  /// Members of the `aws` block that instrumentations and our own export write as `aws.<member>`.
  private static let plainMembers = [
    "account_id", "request_id", "id_2", "retries", "queue_url", "table_name", "table_names", "topic_arn", "bucket_name",
    "key", "function_name", "function_arn", "invocation_type", "log_type", "qualifier", "status_code", "function_error",
    "message_count", "failed_count", "resource_names", "ec2", "ecs", "eks", "elastic_beanstalk", "cloudwatch_logs",
  ]

  /// The `aws` block: what was called, and in which region.
  mutating func mapAWS() {
    var aws = entity.aws
    if shape.isCall, entity.namespace == "aws" || attributes.contains("aws.operation") {
      aws.set("operation", operation())
    } else if shape.isSegment {
      aws.set("request_id", attributes.text("faas.invocation_id", "faas.execution", as: "aws.request_id"))
      if let arn = attributes.text("aws.lambda.invoked_arn", as: "resource_arn") { entity.resourceARN = arn }
    }
    aws.set("region", attributes.text("aws.region", "cloud.region", as: "aws.region"))
    aws.set("request_id", attributes.text("aws.request_id", "aws.requestId", as: "aws.request_id"))
    aws.set("id_2", attributes.text("aws.extended_request_id", "aws.s3.extended_request_id", as: "aws.id_2"))
    aws.set("account_id", attributes.text("aws.account_id", "aws.account.id", as: "aws.account_id"))
    aws.set("queue_url", attributes.text("aws.sqs.queue.url", "aws.queue.url", "messaging.url", as: "aws.queue_url"))
    aws.set("topic_arn", attributes.text("aws.sns.topic.arn", as: "aws.topic_arn"))
    aws.set("bucket_name", attributes.text("aws.s3.bucket", as: "aws.bucket_name"))
    aws.set("key", attributes.text("aws.s3.key", as: "aws.key"))
    aws.set("table_name", attributes.text("aws.table.name", as: "aws.table_name"))
    if let tables = attributes.texts("aws.dynamodb.table_names", as: "aws.table_names") {
      if tables.count == 1 {
        aws.set("table_name", tables[0])
      } else if !tables.isEmpty {
        aws["table_names"] = .array(tables.map { .string($0) })
      }
    }
    for member in Self.plainMembers {
      guard let value = attributes.take(["aws.\(member)"], as: "aws.\(member)", { $0 == .null ? nil : $0 }) else {
        continue
      }
      aws[member] = value.storable
    }
    entity.aws = aws
  }

  private mutating func operation() -> String? {
    guard let method = attributes.text("aws.operation", "rpc.method", as: "aws.operation") else { return nil }
    return method.split(separator: "/").last.map(String.init) ?? method
  }

  /// Databases that speak SQL, by their old and new names.
  private static let sqlSystems: Set<String> = [
    "db2", "ibm.db2", "derby", "hive", "mariadb", "mssql", "microsoft.sql_server", "sqlserver", "mysql", "oracle",
    "oracle.db", "postgresql", "postgres", "sqlite", "teradata", "other_sql", "h2", "h2database", "hsqldb",
    "clickhouse",
    "cockroachdb", "trino", "redshift", "aws.redshift", "snowflake", "vertica", "firebird", "sybase", "hanadb",
    "sap.hana", "informix", "ingres", "gcp.spanner", "spanner", "duckdb",
  ]

  /// The `sql` block, for databases that speak SQL and for queries of which nobody says to which they go.
  mutating func mapSQL() {
    let system = (attributes["db.system.name"] ?? attributes["db.system"])?.string
    let hasQuery = attributes.contains("db.query.text", "db.statement", "sql.query")
    guard system.map({ Self.sqlSystems.contains($0.lowercased()) }) ?? hasQuery else { return }
    var sql = JSONObject()
    sql.set("database_type", attributes.text("db.system.name", "db.system", as: "sql.database_type"))
    sql.set("sanitized_query", attributes.text("db.query.text", "db.statement", "sql.query", as: "sql.sanitized_query"))
    sql.set("user", attributes.text("db.user", as: "sql.user"))
    let server =
      attributes.text("db.connection_string", as: "sql.connection_string")
      ?? attributes["server.address"]?.string ?? attributes["net.peer.name"]?.string
    let database = attributes.text("db.namespace", "db.name", as: "sql.connection_string")
    let parts = [server, database].compactMap { $0 }
    if !parts.isEmpty { sql["connection_string"] = .string(parts.joined(separator: "/")) }
    entity.sql = sql
  }
}
