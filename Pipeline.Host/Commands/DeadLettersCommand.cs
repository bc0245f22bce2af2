using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Commands;

/// <summary><c>dead-letters</c>: shows what could not be used, with the reasons, and sends what can be used now again.</summary>
internal static class DeadLettersCommand
{
    private static readonly Option<string?> Stage = new("--stage") { Description = "Only letters of this stage: decode, chunk, patient or store.", HelpName = "STAGE" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object a line." };

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "dead-letters", "Show what could not be used, with the reasons; send mended ones again.",
            "./pipeline dead-letters list",
            "./pipeline dead-letters replay --dry-run");
        command.Add(CreateList());
        command.Add(CreateReplay());
        return command;
    }

    private static DocumentedCommand CreateList()
    {
        var limit = new Option<int>("--limit") { Description = "The newest so many (default 100).", HelpName = "N", DefaultValueFactory = _ => 100 };
        var command = new DocumentedCommand(
            "list", "Show the dead letters, oldest first.",
            "./pipeline dead-letters list --stage decode",
            "./pipeline dead-letters list --limit 100000 --json")
        {
            Stage, limit, Json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var box = new DeadLetterBox(OptionsOf(parsed), TimeProvider.System);
            var letters = Chosen(await box.ListAsync(stop), parsed.GetValue(Stage));
            var shown = letters.TakeLast(parsed.GetValue(limit)).ToArray();
            foreach (var letter in shown)
                output.WriteLine(parsed.GetValue(Json) ? ToJson(letter) : ToLine(letter));
            if (!parsed.GetValue(Json))
                output.WriteLine(Summary(letters, shown.Length, box.UnreadableCount));
            return ExitCode.Ok;
        });
        return command;
    }

    private static DocumentedCommand CreateReplay()
    {
        var record = new Option<string?>("--record") { Description = "Only the letter of this input record.", HelpName = "PARTITION:OFFSET" };
        var payload = new Option<FileInfo?>("--payload") { Description = "The mended value to send in place of the record's; with --record.", HelpName = "FILE" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be sent; send nothing." };
        var again = new Option<bool>("--again") { Description = "Also those that were sent again before." };
        var command = new DocumentedCommand(
            "replay", "Send the dead letters that can be read now to the input topic again.",
            "./pipeline dead-letters replay --dry-run",
            "./pipeline dead-letters replay --record 3:1207 --payload mended.bin")
        {
            Stage, record, payload, dryRun, again, Json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var mended = parsed.GetValue(payload) is { } file ? await ReadAsync(file, parsed.GetValue(record), stop) : null;
            var box = new DeadLetterBox(OptionsOf(parsed), TimeProvider.System);
            var letters = Chosen(await box.ListAsync(stop), parsed.GetValue(Stage))
                // A store's letter holds a line of output, not a record.
                .Where(letter => letter.Letter.Stage != "store" && (parsed.GetValue(again) || !letter.IsReplayed))
                .Where(letter => parsed.GetValue(record) is not { } wanted || wanted == $"{letter.Letter.Origin.Partition}:{letter.Letter.Origin.Offset}")
                .ToArray();
            if (letters.Length == 0 && parsed.GetValue(record) is { } missing)
                throw CommandException.BadUsage($"--record {missing}: there is no such letter, or it was sent again before (--again); ./pipeline dead-letters list shows them.");
            var outcomes = await box.ReplayAsync(letters, mended, !parsed.GetValue(dryRun), stop);
            return Report(parsed.InvocationConfiguration.Output, outcomes, parsed.GetValue(dryRun), parsed.GetValue(Json));
        });
        return command;
    }

    private static int Report(TextWriter output, IReadOnlyList<ReplayOutcome> outcomes, bool dryRun, bool json)
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
        return ExitCode.Ok;
    }

    private static async Task<byte[]> ReadAsync(FileInfo file, string? record, CancellationToken stop)
    {
        if (record is null)
            throw CommandException.BadUsage("--payload is for one letter: name it with --record PARTITION:OFFSET.");
        return file.Exists ? await File.ReadAllBytesAsync(file.FullName, stop) : throw CommandException.BadUsage($"--payload {file}: there is no such file.");
    }

    private static KafkaOptions OptionsOf(ParseResult parsed) => Settings.Bind<KafkaOptions>(Settings.Load(parsed), KafkaOptions.Section);

    private static StoredLetter[] Chosen(IReadOnlyList<StoredLetter> letters, string? stage) =>
        [.. letters.Where(letter => stage is null || letter.Letter.Stage == stage)];

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

    private static string Summary(StoredLetter[] letters, int shown, int unreadable)
    {
        var byStage = string.Join(", ", letters.GroupBy(letter => letter.Letter.Stage).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}"));
        var text = letters.Length == 0 ? "no dead letters" : $"{letters.Length} dead letters ({byStage}){(shown < letters.Length ? $", the newest {shown} shown" : "")}";
        return unreadable == 0 ? text : $"{text}; {unreadable} records of the topic are none";
    }
}
