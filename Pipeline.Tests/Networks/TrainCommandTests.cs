using System.Globalization;
using Pipeline.Host.Commands;
using Pipeline.Host.Errors;
using Pipeline.Host.Networks;
using Pipeline.Host.Recordings;
using Pipeline.Models.Estimators.Ppg;
using Pipeline.Models.Packages;
using Pipeline.Models.Simulation;
using Pipeline.Tests.Estimates;
using Pipeline.Tests.Support;
using Pipeline.Tests.Torch;
using Pipeline.Tests.Training;
using Pipeline.Training.HeartRate;
using Pipeline.Training.HeartRate.Zoo;
using Xunit;

namespace Pipeline.Tests.Networks;

/// <summary>Training as a user types it, on simulated recordings.</summary>
[Collection(nameof(SeededTraining))]
public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task The_same_seed_gives_the_same_weights_and_another_one_does_not()
    {
        NeedLibtorch.OrSkip();
        var data = Data();
        var (first, second, other) = (Path.Combine(_folder.Path, "first"), Path.Combine(_folder.Path, "second"), Path.Combine(_folder.Path, "other"));

        foreach (var (folder, seed) in new[] { (first, "3"), (second, "3"), (other, "4") })
            Assert.Equal(ExitCode.Ok, (await RunAsync("--data", data, "--steps", "2", "--seed", seed, "--out", folder)).Exit);

        byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, ModelPackage.WeightsFile));
        Assert.Equal(Weights(first), Weights(second));
        Assert.NotEqual(Weights(first), Weights(other));
        var package = ModelPackage.Load(first);
        Assert.Equal(("first", "3", "2"), (package.Manifest.Name, package.Manifest.Card["seed"], package.Manifest.Card["steps"]));
        Assert.Contains("--steps 2", package.Manifest.Card["command"], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Every_recording_is_held_out_once_and_an_extra_one_never_taken()
    {
        NeedLibtorch.OrSkip();

        var (exit, output, error) = await RunAsync("--data", Data(), "--steps", "1", "--folds", "loso");

        Assert.Equal((ExitCode.Ok, ""), (exit, error));
        var rows = Rows(output).Select(line => line.Split(',')).ToList();
        Assert.Equal(["a", "b"], rows.Select(row => row[2]));
        Assert.Equal(["1", "2"], rows.Select(row => row[0]));
        Assert.Contains("held-out error", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void An_interrupted_training_goes_on_to_the_very_same_weights()
    {
        NeedLibtorch.OrSkip();
        var (whole, cut) = (Path.Combine(_folder.Path, "whole"), Path.Combine(_folder.Path, "cut"));
        var data = Data();

        var uninterrupted = Train(data, whole, 3, stopAfter: int.MaxValue);
        var first = Assert.Throws<CommandException>(() => Train(data, cut, 3, stopAfter: 2)).Message;
        var second = Assert.Throws<CommandException>(() => Train(data, cut, 3, stopAfter: 2)).Message;
        var third = Train(data, cut, 3, stopAfter: int.MaxValue);

        Assert.Contains("Interrupted at step 2 of 3 (Fold 1 of 2); the same command goes on from there", first, StringComparison.Ordinal);
        Assert.Contains("Interrupted at step 1 of 3 (Fold 2 of 2)", second, StringComparison.Ordinal);
        Assert.Contains("1 of 2 folds done, then step 1 of 3", third, StringComparison.Ordinal);
        Assert.Equal(Rows(uninterrupted), Rows(third));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, ModelPackage.WeightsFile)), File.ReadAllBytes(Path.Combine(cut, ModelPackage.WeightsFile)));
        Assert.False(Directory.Exists(cut + ".training"));
    }

    [SkippableFact]
    public void Constants_that_are_fitted_for_a_fold_are_kept_with_it()
    {
        NeedLibtorch.OrSkip();
        var (whole, cut) = (Path.Combine(_folder.Path, "whole"), Path.Combine(_folder.Path, "cut"));
        var data = Data();
        string Interrupted(int stopAfter) => Assert.Throws<CommandException>(() => Train(data, cut, 3, stopAfter, TrainRequest.Fit)).Message;

        var uninterrupted = Train(data, whole, 3, stopAfter: int.MaxValue, TrainRequest.Fit);

        Assert.Contains("Interrupted before the first step (Fold 1 of 2)", Interrupted(0), StringComparison.Ordinal);
        Assert.Contains("Interrupted at step 1 of 3 (Fold 1 of 2)", Interrupted(1), StringComparison.Ordinal);
        Assert.Contains("Interrupted at step 1 of 3 (Fold 1 of 2)", Interrupted(0), StringComparison.Ordinal);   // not before it: nothing was fitted again
        Assert.Equal(Rows(uninterrupted), Rows(Train(data, cut, 3, stopAfter: int.MaxValue, TrainRequest.Fit)));
    }

    [SkippableFact]
    public async Task Constants_fitted_in_each_fold_change_the_held_out_errors_and_not_the_network_that_is_written()
    {
        NeedLibtorch.OrSkip();
        var data = Data();
        async Task<(string[] Rows, byte[] Weights, string Card)> Trained(string name, params string[] more)
        {
            var folder = Path.Combine(_folder.Path, name);
            var (exit, output, error) = await RunAsync(["--data", data, "--folds", "loso", "--steps", "2", "--out", folder, .. more]);
            Assert.Equal((ExitCode.Ok, ""), (exit, error));
            return ([.. Rows(output)], File.ReadAllBytes(Path.Combine(folder, ModelPackage.WeightsFile)), ModelPackage.Load(folder).Manifest.Card["constants"]);
        }

        var (inUse, shipped, card) = await Trained("in-use");
        var (fitted, same, fittedCard) = await Trained("fitted", "--constants", "fit");

        Assert.Equal(shipped, same);
        Assert.NotEqual(inUse, fitted);
        Assert.StartsWith("those in use, in the folds too", card, StringComparison.Ordinal);
        Assert.StartsWith("in each fold fitted anew", fittedCard, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Another_training_over_an_unfinished_one_is_refused_and_both_are_named()
    {
        NeedLibtorch.OrSkip();
        var data = Data();
        var folder = Path.Combine(_folder.Path, "model");
        Assert.Throws<CommandException>(() => Train(data, folder, 5, stopAfter: 1));

        var refused = await RunAsync("--data", data, "--folds", "2", "--steps", "6", "--seed", "3", "--out", folder);

        Assert.Equal(ExitCode.BadUsage, refused.Exit);
        Assert.Contains("holds an unfinished training by", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--steps 5", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--steps 6", refused.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_epoch_is_as_many_windows_as_the_data_has()
    {
        NeedLibtorch.OrSkip();
        var folder = Path.Combine(_folder.Path, "model");

        // 2 recordings of 17 windows, 60 times: 2,040 windows are 3 batches of 16 x 48.
        Assert.Equal(ExitCode.Ok, (await RunAsync("--data", Data(), "--epochs", "60", "--out", folder)).Exit);

        Assert.Equal("3", ModelPackage.Load(folder).Manifest.Card["steps"]);
    }

    [SkippableFact]
    public async Task What_is_trained_on_all_of_the_data_is_tested_on_other_recordings_with_the_constants_that_are_named()
    {
        NeedLibtorch.OrSkip();
        var constants = Path.Combine(_folder.Path, "constants.txt");
        async Task<string> Row(params string[] more)
        {
            var (exit, output, error) = await RunAsync(["--data", Data(), "--test", Other(), "--steps", "1", .. more]);
            Assert.Equal((ExitCode.Ok, ""), (exit, error));
            Assert.Contains("# trained on --data alone, other: held-out error", output, StringComparison.Ordinal);
            return Assert.Single(output.Split('\n'), line => line.StartsWith("test,", StringComparison.Ordinal));
        }
        async Task<string> RowWith(PpgConstants values)
        {
            await File.WriteAllTextAsync(constants, PpgFitConstant.Text(values) + "\n");
            return await Row("--constants", constants);
        }

        var row = await Row();

        Assert.StartsWith("test,other,c,17,", row, StringComparison.Ordinal);
        Assert.Equal(row, await RowWith(PpgConstants.Default));
        Assert.NotEqual(row, await RowWith(PpgFitConstant.Starts with { MeanPower = 9 }));
        Assert.NotEqual(row, await Row("--constants", "fit"));
    }

    [SkippableTheory]
    [InlineData("--test: a is in --data too", "--data", "DATA", "--test", "DATA")]
    [InlineData("NAME VALUE, NAME VALUE … is wanted, with MeanPower", "--data", "DATA", "--test", "OTHER", "--constants", "OTHER/c.hea")]
    [InlineData("--constants /nowhere: is not there", "--data", "DATA", "--test", "OTHER", "--constants", "/nowhere")]
    [InlineData("a model is served with the constants in use", "--data", ".", "--constants", "x", "--out", "x")]
    [InlineData("--constants fit is for people held out: give --folds N or --test DIR", "--data", ".", "--constants", "fit", "--out", "x")]
    [InlineData("--constants fit: --test is of a network with constants fitted on --data", "--data", ".", "--constants", "fit", "--out", "x", "--test", ".")]
    [InlineData("--steps and --epochs say the same twice", "--data", ".", "--folds", "2", "--steps", "2", "--epochs", "2")]
    [InlineData("Nothing to do: --folds N measures", "--data", ".")]
    [InlineData("--data /nowhere: there is no such folder.", "--data", "/nowhere", "--folds", "2")]
    [InlineData("it holds no recordings", "--data", "EMPTY", "--folds", "2")]
    [InlineData("none of its 1 recordings has a reference beside it", "--data", "BARE", "--folds", "2")]
    [InlineData("--folds 9: 2 to 2 are possible with 2 people.", "--data", "DATA", "--folds", "9")]
    [InlineData("--device tpu: cpu or cuda.", "--data", ".", "--folds", "2", "--device", "tpu")]
    [InlineData("the folder's name becomes the model's", "--data", "DATA", "--out", "a model")]
    public async Task What_cannot_be_done_is_one_clear_line_and_exit_2(string message, params string[] arguments)
    {
        NeedLibtorch.OrSkip();
        var folders = new Dictionary<string, Func<string>>
        {
            ["EMPTY"] = () => Directory.CreateDirectory(Path.Combine(_folder.Path, "empty")).FullName,
            ["BARE"] = () => Path.GetDirectoryName(SimulatedRecording.Write(Directory.CreateDirectory(Path.Combine(_folder.Path, "bare")).FullName, "x", "ppg", 20).Path)!,
            ["DATA"] = Data,
            ["OTHER"] = Other,
            ["OTHER/c.hea"] = () => Path.Combine(Other(), "c.hea"),
        };

        var (exit, _, error) = await RunAsync([.. arguments.Select(a => folders.TryGetValue(a, out var make) ? make() : a)]);

        Assert.Equal(ExitCode.BadUsage, exit);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Rows(string output) => output.Split('\n').Where(line => line.Length > 0 && char.IsDigit(line[0]));

    private static string Train(string data, string folder, int steps, int stopAfter, string? constants = null)
    {
        using var stop = new CancellationTokenSource();
        var output = new StringWriter { NewLine = "\n" };
        var request = new TrainRequest("heart-rate", [data], RecordingOptions.None, 2, steps, null, 3, "cpu", folder, new Dictionary<string, string>(), $"train --steps {steps}")
        {
            Constants = constants,
        };
        var done = 0;
        Cancel(done == stopAfter);
        new TrainRun(request, r => new RateTraining(r, RateArchitectures.All[0]), output, TimeProvider.System, stepped: () => Cancel(++done == stopAfter)).Run(stop.Token);
        return output.ToString();

        void Cancel(bool now)
        {
            if (now)
                stop.Cancel();
        }
    }

    private string Data() => Folder("data", 5, "a", "b", "extra_a");

    private string Other() => Folder("other", 6, "c");

    private string Folder(string set, int seed, params string[] names)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, set)).FullName;
        foreach (var (name, index) in names.Select((name, index) => (name, index)))
        {
            var (path, beats) = SimulatedRecording.Write(folder, name, "ppg", 41, SimulatedWard.Bed(index, seed, new(0), 0, default));
            File.WriteAllLines(Path.ChangeExtension(path, ".ref.csv"), Enumerable.Range(0, 17)
                .Select(w => string.Create(CultureInfo.InvariantCulture, $"{2 * w},{2 * w + 8},{TrueBeat.HeartRate(beats, 2 * w, 2 * w + 8):F2}"))
                .Prepend("t_start_s,t_end_s,hr_bpm"));
        }
        return folder;
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var exit = await CommandLine.InvokeAsync(["train", "heart-rate", .. arguments], output, error, CancellationToken.None);
        return (exit, output.ToString(), error.ToString());
    }
}
