using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Store;

namespace Pipeline.Host.Commands;

/// <summary><c>dead-letters</c>: shows what could not be used, with the reasons, and sends what can be used now again.</summary>
internal static class DeadLettersCommand
{
    private const int MaxLimit = 1_000_000;
    private static readonly string[] Stages = ["decode", "chunk", "patient", "command", RefusedPoints.Stage, SnapshotLimit.Stage];
    private static readonly Option<string?> Stage = new("--stage") { Description = "Only letters of this stage: decode, chunk, patient, command, store or state.", HelpName = "STAGE" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object a line." };
    private static readonly Option<string?> Kafka = PublishingArguments.Kafka();

    static DeadLettersCommand() =>
        Stage.Refuse(value => value is not null && Stages.Contains(value, StringComparer.Ordinal) ? null : $"--stage {value}: one of {string.Join(", ", Stages)} is wanted.");

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
        limit.Refuse(value => value is >= 1 and <= MaxLimit ? null : FormattableString.Invariant($"--limit {value}: 1 to {MaxLimit} are possible."));
        var command = new DocumentedCommand(
            "list", "Show the dead letters, oldest first.",
            "./pipeline dead-letters list --stage decode",
            "./pipeline dead-letters list --kafka kafka:9092 --limit 100000 --json")
        {
            Stage, limit, Kafka, Json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var box = new DeadLetterBox(OptionsOf(parsed), TimeProvider.System);
            var letters = await box.ListAsync(stop, parsed.GetValue(Stage));
            DeadLetterText.Write(letters, parsed.GetValue(limit), box.UnreadableCount, parsed.GetValue(Json), output);
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
        record.Refuse(value => value?.Split(':') is [var partition, var offset]
            && int.TryParse(partition, NumberStyles.None, CultureInfo.InvariantCulture, out _) && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? null : $"--record {value}: PARTITION:OFFSET is wanted, for example 3:1207.");
        var command = new DocumentedCommand(
            "replay", "Send the dead letters that can be read now to the input topic again.",
            "./pipeline dead-letters replay --dry-run",
            "./pipeline dead-letters replay --record 3:1207 --payload mended.bin")
        {
            Stage, record, payload, dryRun, again, Kafka, Json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var mended = parsed.GetValue(payload) is { } file ? await ReadAsync(file, parsed.GetValue(record), stop) : null;
            var box = new DeadLetterBox(OptionsOf(parsed), TimeProvider.System);
            var outcomes = await box.ReplayAsync(new ReplayRequest(parsed.GetValue(Stage), parsed.GetValue(record), mended, parsed.GetValue(again), parsed.GetValue(dryRun)), stop);
            DeadLetterText.Write(outcomes, parsed.GetValue(dryRun), parsed.GetValue(Json), parsed.InvocationConfiguration.Output);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<byte[]> ReadAsync(FileInfo file, string? record, CancellationToken stop)
    {
        if (record is null)
            throw CommandException.BadUsage("--payload is for one letter: name it with --record PARTITION:OFFSET.");
        return file.Exists ? await File.ReadAllBytesAsync(file.FullName, stop) : throw CommandException.BadUsage($"--payload {file}: there is no such file.");
    }

    private static KafkaOptions OptionsOf(ParseResult parsed) => Settings.Bind<KafkaOptions>(
        Settings.Load(parsed, ("Kafka:BootstrapServers", parsed.GetValue(Kafka))), KafkaOptions.Section);
}
