using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pipeline.Host.Kafka;

/// <summary>Dead letters as lines, for a person or as JSON.</summary>
internal static class DeadLetterText
{
    /// <summary>The newest <paramref name="limit"/> of the letters, oldest first, and for a person how many there are.</summary>
    public static void Write(IReadOnlyList<StoredLetter> letters, int limit, int unreadable, bool json, TextWriter output)
    {
        var shown = letters.TakeLast(limit).ToArray();
        foreach (var letter in shown)
            output.WriteLine(json ? ToJson(letter) : ToLine(letter));
        if (!json)
            output.WriteLine(Summary(letters, shown.Length, unreadable));
    }

    /// <summary>What became of letters that were to be sent again, a line each.</summary>
    public static void Write(IReadOnlyList<ReplayOutcome> outcomes, bool dryRun, bool json, TextWriter output)
    {
        var sent = dryRun ? "would be sent" : "sent";
        foreach (var (letter, refused) in outcomes)
        {
            var at = $"{letter.Origin.Topic} {letter.Origin.Partition}:{letter.Origin.Offset}";
            output.WriteLine(json
                ? JsonSerializer.Serialize(new { topic = letter.Origin.Topic, partition = letter.Origin.Partition, offset = letter.Origin.Offset, stage = letter.Stage, outcome = refused is null ? sent : "refused", reason = refused })
                : refused is null ? $"{sent,-14} {at}" : $"{"still refused",-14} {at}  {refused}");
        }
        if (!json)
            output.WriteLine($"{outcomes.Count(outcome => outcome.Refused is null)} {sent}, {outcomes.Count(outcome => outcome.Refused is not null)} still refused");
    }

    private static string ToLine(StoredLetter stored)
    {
        var letter = stored.Letter;
        return string.Create(CultureInfo.InvariantCulture,
            $"{stored.At:yyyy-MM-dd HH:mm:ss}  {letter.Stage,-8} {letter.Origin.Topic} {letter.Origin.Partition}:{letter.Origin.Offset}  {KeyText(letter.Key.Span)}  {letter.Payload.Length} B{(stored.IsReplayed ? ", sent again" : "")}  {letter.Reason}");
    }

    private static string ToJson(StoredLetter stored)
    {
        var letter = stored.Letter;
        return JsonSerializer.Serialize(new
        {
            at = stored.At,
            stage = letter.Stage,
            topic = letter.Origin.Topic,
            partition = letter.Origin.Partition,
            offset = letter.Origin.Offset,
            key = KeyText(letter.Key.Span),
            reason = letter.Reason,
            replayed = stored.IsReplayed,
            complete = stored.IsComplete,
            payload_base64 = Convert.ToBase64String(letter.Payload.Span),
        });
    }

    /// <summary>The key as text when it is some, else in hexadecimal digits: a broken key must not break the terminal.</summary>
    private static string KeyText(ReadOnlySpan<byte> key)
    {
        var shown = key[..Math.Min(key.Length, 64)];
        var text = System.Text.Unicode.Utf8.IsValid(shown) ? Encoding.UTF8.GetString(shown) : null;
        return text is null || text.Any(char.IsControl) ? $"0x{Convert.ToHexString(shown)}" : text.Length == 0 ? "(no key)" : text;
    }

    private static string Summary(IReadOnlyList<StoredLetter> letters, int shown, int unreadable)
    {
        var byStage = string.Join(", ", letters.GroupBy(letter => letter.Letter.Stage).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"));
        var text = letters.Count == 0 ? "no dead letters" : $"{letters.Count} dead letters ({byStage}){(shown < letters.Count ? $", the newest {shown} shown" : "")}";
        return unreadable == 0 ? text : $"{text}; {unreadable} records of the topic are none";
    }
}
