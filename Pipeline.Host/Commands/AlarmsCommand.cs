using System.CommandLine;
using System.Text.Json;
using Confluent.Kafka;
using Pipeline.Host.Alarms;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;
using Pipeline.Host.Wire;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Timestamp = Pipeline.Models.Signals.Timestamp;

namespace Pipeline.Host.Commands;

/// <summary><c>alarms</c>: shows the ward's alarms, and tells a patient's what somebody wants of them.</summary>
internal static class AlarmsCommand
{
    private const int LongestPause = 600;
    private static readonly Option<string?> Kafka = PublishingArguments.Kafka();
    private static readonly Option<string> By = new("--by") { Description = "Who wants it (the user of this machine).", HelpName = "NAME", DefaultValueFactory = _ => Environment.UserName };
    private static readonly Option<string> Why = new("--why") { Description = "Why.", HelpName = "TEXT", DefaultValueFactory = _ => "" };

    public static Command Create()
    {
        var command = new DocumentedCommand(
            "alarms", "Show the ward's alarms; acknowledge or pause a patient's, set its limits, admit, discharge or move it.",
            "./pipeline alarms list",
            "./pipeline alarms ack P-17 --number 7 --by n12 --why \"seen at the bed\"");
        command.Add(CreateList());
        command.Add(CreateAcknowledge());
        command.Add(CreatePause());
        command.Add(CreateLimits());
        command.Add(CreateSending(
            "admit", "Admit a patient: what was open of its alarms is over, and its limits are the ward's.", "./pipeline alarms admit P-17", [], parsed => Of(AlarmCommandKind.Admit, parsed)));
        command.Add(CreateSending(
            "discharge", "Discharge a patient: likewise, and nothing is alarmed about until it is admitted again.", "./pipeline alarms discharge P-17", [],
            parsed => Of(AlarmCommandKind.Discharge, parsed)));
        command.Add(CreateMove());
        command.Add(CreateWhatIf());
        return command;
    }

    private static DocumentedCommand CreateWhatIf()
    {
        var limits = new Option<FileInfo>("--limits") { Description = "Settings (JSON) whose section Alarms is tried.", HelpName = "FILE", Required = true };
        var command = new DocumentedCommand(
            "what-if", "Count the alarms a bed and day that other limits and delays would have given on the stored results, beside those of the present ones.",
            "./pipeline alarms what-if --limits quieter.json") { limits, Kafka };
        command.SetAction(async (parsed, stop) =>
        {
            var settings = Settings.Load(parsed, ("Kafka:BootstrapServers", parsed.GetValue(Kafka)));
            var tried = Settings.Bind<AlarmRules>(Settings.Load(parsed.GetValue(limits)!.FullName, []), PipelineSettings.AlarmsSection);    // required
            var (now, then) = (new AlarmCounts(Settings.Bind<AlarmRules>(settings, PipelineSettings.AlarmsSection)), new AlarmCounts(tried));
            var kafka = Settings.Bind<KafkaOptions>(settings, KafkaOptions.Section);
            await TopicScan.ReadAsync(kafka, kafka.ResultsTopic, Take, TimeProvider.System, stop);
            now.Finish();
            then.Finish();
            foreach (var line in now.Compare(then))
                await parsed.InvocationConfiguration.Output.WriteLineAsync(line);
            return ExitCode.Ok;

            void Take(ConsumeResult<byte[], byte[]> record)
            {
                if (ResultCodec.Decode(record.Message.Value, out _) is not { } point)
                    return;
                now.Take(point);
                then.Take(point);
            }
        });
        return command;
    }

    private static DocumentedCommand CreateList()
    {
        var url = StatusCommand.UrlOption();
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new DocumentedCommand("list", "Show the open alarms of all beds.", "./pipeline alarms list", "./pipeline alarms list --url http://10.0.0.7:8080 --json") { url, json };
        command.SetAction(async (parsed, stop) =>
        {
            var beds = await StatusQuery.FetchAsync<BedsAnswer>(StatusCommand.ProcessOf(parsed, url), StatusCommand.TokenOf(parsed), BedsAnswer.Path, "list of beds", stop);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(beds, StatusQuery.Json));
            else
            {
                foreach (var line in beds.Lines())
                    await output.WriteLineAsync(line);
                await ShowPipelineAsync(StatusCommand.ProcessOf(parsed, url), StatusCommand.TokenOf(parsed), parsed.InvocationConfiguration, stop);
            }
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>What is wrong with the pipeline itself, behind the alarms of the beds; where that is not known, why.</summary>
    private static async Task ShowPipelineAsync(Uri process, string? token, InvocationConfiguration console, CancellationToken stop)
    {
        try
        {
            var status = await StatusQuery.FetchAsync(process, token, stop);
            foreach (var (kind, reason) in status.TechnicalAlarms(TimeProvider.System.GetUtcNow()))
                await console.Output.WriteLineAsync(BedsAnswer.Line(kind, reason));
        }
        catch (CommandException fault)
        {
            await console.Error.WriteLineAsync($"Whether all partitions are read is not known: {fault.Message}");
        }
    }

    private static DocumentedCommand CreateAcknowledge()
    {
        var number = new Option<long>("--number") { Description = "The alarm, as alarms list numbers it (all of the patient's).", HelpName = "N" };
        number.Refuse(value => value >= 0 ? null : FormattableString.Invariant($"--number {value}: an alarm's number is wanted."));
        return CreateSending(
            "ack", "Acknowledge the alarms of a patient.", "./pipeline alarms ack P-17", [number],
            parsed => Of(AlarmCommandKind.Acknowledge, parsed) with { Number = parsed.GetValue(number) });
    }

    private static DocumentedCommand CreatePause()
    {
        var time = new Option<int>("--for") { Description = "Seconds; 0 ends a pause (120).", HelpName = "SECONDS", DefaultValueFactory = _ => 120 };
        time.Refuse(value => value is >= 0 and <= LongestPause ? null : FormattableString.Invariant($"--for {value}: 0 to {LongestPause} are possible."));
        return CreateSending(
            "pause", "Pause the alarms of a patient: they are kept, and make no sound.", "./pipeline alarms pause P-17 --for 60 --why washing", [time],
            parsed => Of(AlarmCommandKind.Pause, parsed) with { Time = TimeSpan.FromSeconds(parsed.GetValue(time)) });
    }

    private static DocumentedCommand CreateLimits()
    {
        Option<double?>[] limits =       // in the order of LimitChange.Fields
        [
            Limit("--very-low"), Limit("--low"), Limit("--high"), Limit("--very-high"), Limit("--fetal-very-low"), Limit("--fetal-low"), Limit("--fetal-high"),
            Limit("--systolic-low", "mmHg."), Limit("--systolic-high", "mmHg."), Limit("--mean-low", "mmHg."), Limit("--mean-high", "mmHg."), Limit("--diastolic-low", "mmHg."), Limit("--diastolic-high", "mmHg."),
        ];
        return CreateSending(
            "limits", "Give a patient limits of its own; those that are not named are the ward's.", "./pipeline alarms limits P-17 --low 45 --high 130 --why \"beta blocker\"", limits,
            parsed =>
            {
                var own = new LimitChange();
                for (var i = 0; i < limits.Length; i++)
                    LimitChange.Fields[i].Set(own, parsed.GetValue(limits[i]));
                return Of(AlarmCommandKind.Limits, parsed) with { Limits = own };
            });
    }

    private static DocumentedCommand CreateMove()
    {
        var bed = new Option<string>("--bed") { Description = "The new bed.", HelpName = "BED", Required = true };
        var ward = new Option<string>("--ward") { Description = "Its ward (the one before).", HelpName = "WARD", DefaultValueFactory = _ => "" };
        return CreateSending(
            "move", "Say that a patient has another bed, until its samples name one themselves.", "./pipeline alarms move P-17 --bed 12 --ward ICU", [bed, ward],
            parsed => Of(AlarmCommandKind.Move, parsed) with { Bed = parsed.GetValue(bed) ?? "", Ward = parsed.GetValue(ward) ?? "" });
    }

    private static Option<double?> Limit(string name, string unit = "Beats per minute.")
    {
        var limit = new Option<double?>(name) { Description = unit, HelpName = unit == "mmHg." ? "PRESSURE" : "RATE" };
        limit.Refuse(value => value is null or (>= AlarmLimits.Least and <= AlarmLimits.Most)
            ? null : FormattableString.Invariant($"{name} {value}: {AlarmLimits.Least} to {AlarmLimits.Most} are possible."));
        return limit;
    }

    private static AlarmCommand Of(AlarmCommandKind kind, ParseResult parsed) =>
        new(kind, Timestamp.From(TimeProvider.System.GetUtcNow()), parsed.GetValue(By) ?? "", parsed.GetValue(Why) ?? "")
        {
            Id = BitConverter.ToInt64(Guid.NewGuid().ToByteArray()),
        };

    private static DocumentedCommand CreateSending(string name, string summary, string example, Option[] options, Func<ParseResult, AlarmCommand> make)
    {
        var patient = new Argument<string>("PATIENT") { Description = "Pseudonym." };
        var command = new DocumentedCommand(name, summary, example) { patient, By, Why, Kafka };
        foreach (var option in options)
            command.Add(option);
        command.SetAction(async (parsed, stop) =>
        {
            var kafka = Settings.Bind<KafkaOptions>(Settings.Load(parsed, ("Kafka:BootstrapServers", parsed.GetValue(Kafka))), KafkaOptions.Section);
            var pseudonym = parsed.GetValue(patient) ?? "";
            if (!PatientId.IsValid(pseudonym))
                throw CommandException.BadUsage($"{pseudonym}: a pseudonym is wanted.");
            await CommandPublisher.PublishAsync(kafka, new PatientId(pseudonym), make(parsed), TimeProvider.System, stop);
            await parsed.InvocationConfiguration.Output.WriteLineAsync("Sent: it is applied in the order of the patient's samples. ./pipeline alarms list shows how the alarms stand.");
            return ExitCode.Ok;
        });
        return command;
    }
}
