package import AdvPOModel
import OrderedCollections

extension CreateJobResponse {
    package var json: JSONValue { ["jobArn": .string(jobARN)] }
}

extension JobDescription {
    /// The published limit of `failureMessage`, in characters.
    package static let maximumFailureMessageLength = 2048

    /// The body of `GetAdvancedPromptOptimizationJob`.
    package var json: JSONValue {
        var body: JSONObject = ["jobArn": .string(jobARN), "jobName": .string(request.jobName)]
        if let description = request.jobDescription { body["jobDescription"] = .string(description) }
        body["jobStatus"] = .string(status.rawValue)
        body["inputConfig"] = ["s3Uri": .string(request.inputURI)]
        body["outputConfig"] = ["s3Uri": .string(request.outputURI)]
        if let key = request.encryptionKeyArn { body["encryptionKeyArn"] = .string(key) }
        body["creationTime"] = .string(Timestamp.iso8601(millisecondsSince1970: createdMillisecondsSince1970))
        body["lastModifiedTime"] = .string(Timestamp.iso8601(millisecondsSince1970: modifiedMillisecondsSince1970))
        if let failureMessage { body["failureMessage"] = .string(Self.bounded(failureMessage)) }
        body["modelConfigurations"] = .array(request.models.map(\.json))
        return .object(body)
    }

    /// One of `jobSummaries`.
    package var summaryJSON: JSONValue {
        [
            "jobArn": .string(jobARN), "jobName": .string(request.jobName), "jobStatus": .string(status.rawValue),
            "creationTime": .string(Timestamp.iso8601(millisecondsSince1970: createdMillisecondsSince1970)),
            "lastModifiedTime": .string(Timestamp.iso8601(millisecondsSince1970: modifiedMillisecondsSince1970)),
        ]
    }

    private static func bounded(_ message: String) -> String {
        guard message.unicodeScalars.count > maximumFailureMessageLength else { return message }
        return String(String.UnicodeScalarView(message.unicodeScalars.prefix(maximumFailureMessageLength - 1))) + "…"
    }
}

extension ListJobsResponse {
    package var json: JSONValue {
        var body: JSONObject = ["jobSummaries": .array(jobs.map(\.summaryJSON))]
        if let nextToken { body["nextToken"] = .string(nextToken) }
        return .object(body)
    }
}
