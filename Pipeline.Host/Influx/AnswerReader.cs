using System.Globalization;
using System.Text.RegularExpressions;
using InfluxDB.Client.Core.Exceptions;
using Newtonsoft.Json.Linq;
using Pipeline.Host.Store;

namespace Pipeline.Host.Influx;

/// <summary>
/// Reads what InfluxDB 1.6, 2.7 and 3 answer to a write. A refusal counts as one only when the server says which lines, or that lines were
/// dropped; every other refusal is waited out, since a person can mend it (a token, a bucket, a proxy) and the points must not be lost.
/// </summary>
internal static partial class AnswerReader
{
    private const string UnableToParse = "unable to parse '";
    private const string PartialWrite = "partial write";

    /// <summary>The meaning of what the client threw for an answer to <paramref name="lines"/> of <paramref name="block"/>.</summary>
    public static InfluxAnswer Read(HttpException answer, LineBlock block, ReadOnlySpan<int> lines)
    {
        var code = answer.Status;
        TimeSpan? retryAfter = answer.RetryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var message = MessageOf(answer);
        var detail = $"HTTP {code}: {message}";
        if (code is 400 or 422 && FindRefusal(message, answer.ErrorBody["data"] as JArray ?? [], block, lines) is { } refusal)
            return refusal;
        return code switch
        {
            413 => new InfluxAnswer(AnswerKind.TooLarge, RefusalReason.TooLarge, Cut(detail)),
            401 or 403 => InfluxAnswer.Wait(WaitReason.Unauthorized, detail, retryAfter),
            404 => InfluxAnswer.Wait(WaitReason.NotFound, detail, retryAfter),
            429 => InfluxAnswer.Wait(WaitReason.Throttled, detail, retryAfter),
            408 => InfluxAnswer.Wait(WaitReason.Timeout, detail, retryAfter),
            500 => InfluxAnswer.Wait(WaitReason.Server, detail, retryAfter) with { MayBeEncoding = true },
            > 500 => InfluxAnswer.Wait(WaitReason.Server, detail, retryAfter),
            _ => InfluxAnswer.Wait(WaitReason.Unexplained, detail, retryAfter) with { MayBeEncoding = code is 400 or 415 },
        };
    }

    /// <summary>
    /// The server's words: 1 says <c>{"error"}</c>, 2 <c>{"code","message"}</c>, 3 <c>{"error","data":[{"line_number","error_message"}]}</c>, a
    /// proxy anything.
    /// </summary>
    public static string MessageOf(HttpException answer) => (answer.ErrorBody["message"] ?? answer.ErrorBody["error"])?.ToString() ?? answer.Message;

    private static InfluxAnswer? FindRefusal(string message, JArray numbered, LineBlock block, ReadOnlySpan<int> lines)
    {
        var named = numbered.Count > 0 ? ByNumber(numbered, lines) : ByText(message, block, lines);
        if (named.Count > 0)
            return new(AnswerKind.Named, RefusalReason.Malformed, Cut(message)) { Named = named };
        // Lines that are not ours: something on the way changed the body, most likely its compression.
        if (message.Contains(UnableToParse, StringComparison.Ordinal))
            return new(AnswerKind.Partial, RefusalReason.Malformed, Cut(message)) { MayBeEncoding = true };
        if (!message.Contains(PartialWrite, StringComparison.Ordinal))
            return null;
        var reason = message.Contains("type conflict", StringComparison.Ordinal) ? RefusalReason.TypeConflict
            : message.Contains("retention policy", StringComparison.Ordinal) ? RefusalReason.Retention
            : RefusalReason.Other;
        var dropped = DroppedCount().Match(message);
        return new(AnswerKind.Partial, reason, Cut(message))
        {
            Dropped = dropped.Success && int.TryParse(dropped.ValueSpan["dropped=".Length..], CultureInfo.InvariantCulture, out var count) ? count : 0,
        };
    }

    /// <summary>1 and 2 quote each bad line: <c>unable to parse 'LINE': WHY</c>, one a line of the message.</summary>
    private static List<NamedLine> ByText(string message, LineBlock block, ReadOnlySpan<int> lines)
    {
        var named = new List<NamedLine>();
        if (!message.Contains(UnableToParse, StringComparison.Ordinal))
            return named;
        var indices = lines.ToArray().ToLookup(block.Text, StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in message.Split('\n'))
        {
            var start = part.IndexOf(UnableToParse, StringComparison.Ordinal);
            if (start < 0)
                continue;
            var quoted = part[(start + UnableToParse.Length)..];
            // A line may hold "':" itself, so the text up to each one is looked up.
            for (var end = quoted.Length; end > 0;)
            {
                end = quoted.LastIndexOf("':", end - 1, StringComparison.Ordinal);
                if (end < 0)
                    break;
                var line = quoted[..end];
                if (!indices.Contains(line))
                    continue;
                var why = DroppedCount().Replace(quoted[(end + 2)..], "").Trim();
                if (found.Add(line))
                    named.AddRange(indices[line].Select(index => new NamedLine(index, why)));
                break;
            }
        }
        return named;
    }

    /// <summary>3 numbers the bad lines of the request from 1.</summary>
    private static List<NamedLine> ByNumber(JArray numbered, ReadOnlySpan<int> lines)
    {
        var named = new Dictionary<long, NamedLine>();
        foreach (var entry in numbered.OfType<JObject>())
            if (entry["line_number"] is JValue { Value: long number } && number >= 1 && number <= lines.Length)
                named.TryAdd(number, new NamedLine(lines[(int)number - 1], entry["error_message"]?.ToString() ?? ""));
        return [.. named.Values];
    }

    private static string Cut(string text) => text.Length <= InfluxAnswer.MaxDetail ? text : text[..InfluxAnswer.MaxDetail];

    [GeneratedRegex(@"dropped=\d+")]
    private static partial Regex DroppedCount();
}
