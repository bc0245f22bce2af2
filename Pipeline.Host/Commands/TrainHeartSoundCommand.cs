using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Training.HeartSound;

namespace Pipeline.Host.Commands;

/// <summary><c>train heart-sound</c>: the customer's prototype for heart sounds, and our network beside it, on generated signals; nothing is written but the table.</summary>
internal static class TrainHeartSoundCommand
{
    public static Command Create()
    {
        var usual = new SoundComparisonOptions();
        Option<int> Number(string name, int value, int most, string description)
        {
            var option = new Option<int>(name) { Description = $"{description} ({value}).", DefaultValueFactory = _ => value, HelpName = "N" };
            option.Refuse(given => given >= 1 && given <= most ? null : $"{name} {given}: 1 to {most} are possible.");
            return option;
        }
        var signals = Number("--signals", usual.Signals, 100_000, "Signals of the prototype; a fifth is held out");
        var epochs = Number("--epochs", usual.Epochs, 10_000, "Epochs of the prototype");
        var steps = Number("--steps", usual.Steps, 1_000_000, "Batches of our network");
        var tests = Number("--tests", usual.Tests, 100_000, "Fresh signals of each generator to score on");
        var seed = Number("--seed", usual.Seed, 800, "The same seed, the same figures");
        var data = new Option<string?>("--data") { Description = "Folder of WFDB records with heart sounds and an ECG beside: ours against the classical estimator on windows of 8 s.", HelpName = "DIR" };
        var command = new DocumentedCommand(
            "heart-sound", "Train the spectrogram prototype for heart sounds and our beat network beside it, on generated signals; prints their errors on fresh ones.",
            "./pipeline train heart-sound", "./pipeline train heart-sound --epochs 10 --steps 100 --tests 50")
        {
            signals, epochs, steps, tests, seed, data,
        };
        command.SetAction(async (parsed, stop) =>
        {
            _ = Settings.Load(parsed);      // takes none, and refuses wrong ones as every command does
            var options = new SoundComparisonOptions(parsed.GetValue(signals), parsed.GetValue(epochs), parsed.GetValue(steps), parsed.GetValue(tests), parsed.GetValue(seed));
            var records = parsed.GetValue(data) is { } folder ? HeartSoundRecordings.Find(folder) : [];
            Trainings.NeedLibtorch("cpu");
            var (output, doing) = (parsed.InvocationConfiguration.Output, ("", 0.0));
            var running = Task.Factory.StartNew(() => Run(options, records, output, (text, part) => doing = (text, part), stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await ProgressBar.ShowAsync(parsed.InvocationConfiguration.Error, running, () => doing);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Run(SoundComparisonOptions options, IReadOnlyList<string> records, TextWriter output, Action<string, double> told, CancellationToken stop)
    {
        using var comparison = new SoundComparison(options);
        output.WriteLine("method,test,signals,with_value,heart_rate_mae,variability_mae_ms,heart_rate_mae_below_10_db");
        foreach (var row in comparison.Run(told, stop))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"\"{row.Method}\",\"{row.Test}\",{row.Count},{row.WithValue},{row.RateError:F3},{row.VariabilityError:F2},{row.NoisyRateError:F3}"));
        if (records.Count > 0)
            foreach (var (method, windows, given, mean, median) in HeartSoundRecordings.Compare(records, comparison.RateOf, stop))
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\"{method}\",\"recorded windows of 8 s\",{windows},{given},{mean:F3},,\"median {median:F3}\""));
    }
}
