using System.CommandLine;
using Pipeline.Host.Configuration;
using Pipeline.Host.Demo;
using Spectre.Console;

namespace Pipeline.Host.Commands;

/// <summary><c>demo</c>: a ward on this machine, to look at.</summary>
internal static class DemoCommand
{
    private const int MaxBeds = 5_000;
    private const double MaxSpeed = 10_000;
    private static readonly TimeSpan LengthWithoutTerminal = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LinePeriod = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var beds = new Option<int>("--beds") { Description = "Beds of the ward (16).", DefaultValueFactory = _ => 16, HelpName = "N" };
        var seconds = new Option<double?>("--seconds") { Description = "How long it runs; until Ctrl-C on a terminal, else 30.", HelpName = "N" };
        var speed = new Option<double>("--speed") { Description = "Ward seconds a second (1).", DefaultValueFactory = _ => 1, HelpName = "X" };
        var recording = new Option<FileInfo[]>("--recording")
        {
            Description = "Recordings (WFDB .hea, EDF, CSV, WAV) that the first beds replay.",
            HelpName = "FILE…",
            AllowMultipleArgumentsPerToken = true,
        };
        var plain = new Option<bool>("--plain") { Description = "Lines instead of a live table, as without a terminal." };
        var model = RunCommand.Model();
        var store = new Option<DirectoryInfo?>("--store")
        {
            Description = "Where points and state go, and an earlier ward is continued; the newest folder below data/demo.",
            HelpName = "FOLDER",
        };
        var fresh = new Option<bool>("--fresh") { Description = "Begin another ward, in a new folder unless --store names one." };
        var fetal = new Option<bool>("--fetal")
        {
            Description = "A labour ward: abdominal leads and cardiotocographs, the fetal rate beside the mother's.",
        };
        beds.Refuse(value => value is >= 1 and <= MaxBeds ? null : FormattableString.Invariant($"--beds is {value}; allowed: 1 to {MaxBeds}."));
        speed.Refuse(value => value is > 0 and <= MaxSpeed ? null : FormattableString.Invariant($"--speed is {value}; allowed: more than 0, at most {MaxSpeed}."));
        seconds.Refuse(value => value is null or (> 0 and <= 1e7) ? null : FormattableString.Invariant($"--seconds is {value}; allowed: more than 0."));
        var command = new DocumentedCommand(
            "demo", "Run a whole simulated ward on this machine and watch it: no server, account or root right needed.",
            "./pipeline demo",
            "./pipeline demo --beds 200 --seconds 60",
            "./pipeline demo --fresh",
            "./pipeline demo --fetal --beds 12",
            "./pipeline demo --speed 20 --seconds 10 --plain",
            "./pipeline demo --recording a103l.hea bidmc_01.csv")
        {
            beds,
            seconds,
            speed,
            recording,
            model,
            store,
            fresh,
            fetal,
            plain,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var live = !parsed.GetValue(plain) && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi;
            var length = parsed.GetValue(seconds) is { } given ? TimeSpan.FromSeconds(given) : live ? (TimeSpan?)null : LengthWithoutTerminal;
            var request = new DemoRequest(
                parsed.GetValue(beds), length, parsed.GetValue(speed), [.. (parsed.GetValue(recording) ?? []).Select(file => file.FullName)],
                parsed.GetValue(fresh), parsed.GetValue(fetal));
            var settings = DemoFolder.Use(
                PipelineSettings.From(Settings.Load(parsed, ("Topology:Model", parsed.GetValue(model)))),
                parsed.GetValue(store)?.FullName, request, TimeProvider.System);
            return live
                ? await DemoScreen.LiveAsync(request, settings, AnsiConsole.Console, Frame, stop)
                : await DemoScreen.PlainAsync(request, settings, parsed.InvocationConfiguration.Output, LinePeriod, stop);
        });
        return command;
    }
}
