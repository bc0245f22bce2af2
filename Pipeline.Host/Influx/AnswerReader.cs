using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.Host.Influx;

/// <summary>
/// Reads what InfluxDB 1.6, 2.7 and 3 answer to a write. A refusal counts as one only when the server says which lines, or that lines were
/// dropped; every other refusal is waited out, since a person can mend it (a token, a bucket, a proxy) and the points must not be lost.
/// </summary>
internal static partial class AnswerReader
{
    private const string UnableToParse = "unable to parse '";
    private const string PartialWrite = "partial write";

    /// <summary>The meaning of a status and body that answer <paramref name="lines"/> of <paramref name="block"/>.</summary>
    public static InfluxAnswer Read(HttpStatusCode status, TimeSpan? retryAfter, string body, LineBlock block, ReadOnlySpan<int> lines)
    {
        var code = (int)status;
        // Every version says 204 and nothing else. A 200 comes from a sign-in page or from another service on that port: nothing is stored there.
        if (code == 204)
            return InfluxAnswer.AllStored;
        var message = MessageOf(body, out var numbered);
        var detail = message.Length == 0 ? $"HTTP {code}" : $"HTTP {code}: {message}";
        if (code is 400 or 422 && FindRefusal(message, numbered, block, lines) is { } refusal)
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

    private static InfluxAnswer? FindRefusal(string message, List<(int Number, string Why)> numbered, LineBlock block, ReadOnlySpan<int> lines)
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
        var indices = new Dictionary<string, List<int>>(lines.Length, StringComparer.Ordinal);
        foreach (var index in lines)
        {
            var text = Encoding.UTF8.GetString(block.Line(index));
            if (!indices.TryGetValue(text, out var same))
                indices.Add(text, same = []);
            same.Add(index);
        }
        foreach (var part in message.Split('\n'))
        {
            var start = part.IndexOf(UnableToParse, StringComparison.Ordinal);
            if (start < 0)
                continue;
            var quoted = part[(start + UnableToParse.Length)..];
            // A line may hold "':" itself, so the text up to each one is looked up.
            for (var end = quoted.LastIndexOf("':", StringComparison.Ordinal); end >= 0; end = end == 0 ? -1 : quoted.LastIndexOf("':", end - 1, StringComparison.Ordinal))
            {
                if (!indices.Remove(quoted[..end], out var same))
                    continue;
                var why = DroppedCount().Replace(quoted[(end + 2)..], "").Trim();
                named.AddRange(same.Select(index => new NamedLine(index, why)));
                break;
            }
        }
        return named;
    }

    /// <summary>3 numbers the bad lines of the request from 1.</summary>
    private static List<NamedLine> ByNumber(List<(int Number, string Why)> numbered, ReadOnlySpan<int> lines)
    {
        var named = new List<NamedLine>();
        var seen = new HashSet<int>();
        foreach (var (number, why) in numbered)
            if (number >= 1 && number <= lines.Length && seen.Add(number))
                named.Add(new NamedLine(lines[number - 1], why));
        return named;
    }

    /// <summary>1 says <c>{"error"}</c>, 2 <c>{"code","message"}</c>, 3 <c>{"error","data":[{"line_number","error_message"}]}</c>, a proxy anything.</summary>
    private static string MessageOf(string body, out List<(int Number, string Why)> numbered)
    {
        numbered = [];
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return body.Trim();
            if (root.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array)
                foreach (var line in data.EnumerateArray())
                    if (line.ValueKind == JsonValueKind.Object && line.TryGetProperty("line_number", out var at) && at.TryGetInt32(out var number))
                        numbered.Add((number, TextOf(line, "error_message") ?? ""));
            return TextOf(root, "message") ?? TextOf(root, "error") ?? body.Trim();
        }
        catch (JsonException)
        {
            return body.Trim();
        }
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Cut(string text) => text.Length <= InfluxAnswer.MaxDetail ? text : text[..InfluxAnswer.MaxDetail];

    [GeneratedRegex(@"dropped=\d+")]
    private static partial Regex DroppedCount();
}
