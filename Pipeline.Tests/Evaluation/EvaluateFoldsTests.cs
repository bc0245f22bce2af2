using Pipeline.Host.Errors;
using Pipeline.Tests.Torch;
using Pipeline.Tests.Training;
using Xunit;

namespace Pipeline.Tests.Evaluation;

/// <summary>Networks that <c>evaluate</c> trains to score them.</summary>
[Collection(nameof(SeededTraining))]
public sealed class EvaluateFoldsTests : EvaluatedRecordings
{
    [SkippableFact]
    public async Task Every_recording_is_scored_by_a_network_that_was_trained_without_it()
    {
        NeedLibtorch.OrSkip();
        var data = Data();

        var (exit, output, error) = await RunAsync("evaluate", "heart-rate", "--data", data, "--split", "loso", "--steps", "1", "--seed", "2", "--output", Report);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Contains("Each fold was trained for 1 steps, seed 2", error, StringComparison.Ordinal);
        Assert.Contains("mean over 2 recordings", output, StringComparison.Ordinal);
        using var figures = Figures();
        var folds = figures.RootElement.GetProperty("folds").EnumerateArray().ToList();
        Assert.Equal([["a"], ["b"]], folds.Select(f => f.GetProperty("test").EnumerateArray().Select(t => t.GetString()!).ToArray()));
        Assert.Equal([1, 1], folds.Select(f => f.GetProperty("trained_on").GetInt32()));
        Assert.NotEqual(folds[0].GetProperty("model").GetString(), folds[1].GetProperty("model").GetString());
        Assert.False(Directory.Exists(Path.ChangeExtension(Report, null) + ".training"));
    }
}
