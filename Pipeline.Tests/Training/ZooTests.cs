using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Torch;
using Pipeline.Training.HeartRate;
using Pipeline.Training.HeartRate.Zoo;
using Pipeline.Training.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Training;

/// <summary>Every architecture that can be trained: the file that is served does what the module does that was trained.</summary>
public sealed class ZooTests
{
    private const int Rows = 2, Windows = 5, Rates = RateFeatures.RateCount;

    public static TheoryData<string> Names => [.. RateArchitectures.All.Select(one => one.Name)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void The_exported_network_answers_as_the_trained_one_and_carries_the_same_state(string name)
    {
        NeedLibtorch.OrSkip();
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using var network = Stirred(name);
        var input = randn(Rows, Windows, RateFeatures.InputRowCount, Rates);
        var expected = network.Forward(input, network.Start(full([Rows, Rates], 1.0 / Rates)));
        using var session = new OnnxSession(network.ToOnnx(), [Rows]);
        var (output, state) = (new float[Rows * session.OutputLength], new float[Rows * session.StateLength]);

        for (var w = 0; w < Windows; w++)
        {
            session.Forward(Rows, input.select(1, w).ToArray(), state, output, state);

            var answer = cat([expected.Answer.select(1, w), expected.Trust.select(1, w).sigmoid().unsqueeze(1)], 1).ToArray();
            Assert.Equal(answer.Length, output.Length);
            for (var i = 0; i < answer.Length; i++)
                Assert.Equal(answer[i], output[i], 1e-4f);
        }
        if (network is ZooNetwork { StateCount: > 0 })      // the default's beliefs are less the uniform one in ONNX
            Assert.Equal(expected.Next.ToArray(), state, (a, b) => Math.Abs(a - b) < 1e-4f);
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Windows_in_two_calls_give_the_same_as_in_one(string name)
    {
        NeedLibtorch.OrSkip();
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using var network = Stirred(name);
        var input = randn(Rows, Windows, RateFeatures.InputRowCount, Rates);
        var start = network.Start(full([Rows, Rates], 1.0 / Rates));

        var whole = network.Forward(input, start);
        var first = network.Forward(input.narrow(1, 0, 2), start);
        var second = network.Forward(input.narrow(1, 2, Windows - 2), first.Next);

        var logits = cat([first.Logits, second.Logits], 1);
        Assert.True((logits - whole.Logits).abs().max().item<float>() < 1e-4f);
        Assert.Equal(network.StateCount, whole.Next.size(1));
    }

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void A_later_window_changes_no_earlier_answer(string name)
    {
        NeedLibtorch.OrSkip();
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using var network = Stirred(name);
        var input = randn(Rows, Windows, RateFeatures.InputRowCount, Rates);
        var start = network.Start(full([Rows, Rates], 1.0 / Rates));
        var before = network.Forward(input, start).Logits.narrow(1, 0, Windows - 1).clone();

        input.select(1, Windows - 1).add_(1);
        var after = network.Forward(input, start).Logits.narrow(1, 0, Windows - 1);

        Assert.Equal(before.ToArray(), after.ToArray(), (a, b) => Math.Abs(a - b) < 1e-5f);
    }

    /// <summary>One in evaluation, in which no weight and no running mean is what it was made with.</summary>
    private static RateArchitecture Stirred(string name)
    {
        manual_seed(5);
        var network = RateArchitectures.All.Single(one => one.Name == name).Create();
        foreach (var tensor in network.state_dict().Values.Where(tensor => tensor.dtype == float32))
            tensor.add_(rand(tensor.shape) - 0.5, alpha: 0.1);
        network.eval();
        return network;
    }
}
