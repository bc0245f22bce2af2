using Pipeline.Tests.Support;
using Pipeline.Tests.Training;
using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Torch;

/// <summary>The loop and its state, on a small linear network.</summary>
[Collection(nameof(SeededTraining))]
public sealed class TrainingLoopTests
{
    private const int Inputs = 3, Outputs = 2;
    // uneven, so that both decay rates matter
    private static readonly float[] Slopes = [0.9f, 0.01f, -0.5f, 0.02f, 0.03f, -0.8f, 0.1f, 0.1f];

    [SkippableFact]
    public void A_loop_that_is_restored_from_a_file_continues_with_the_same_bits()
    {
        NeedLibtorch.OrSkip();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "state.safetensors");
        using var uninterrupted = Loop();
        using var stopped = Loop();
        using var continued = Loop();
        Run(uninterrupted, 7);

        Run(stopped, 3);
        Safetensors.Save(file, stopped.State(), new Dictionary<string, string> { ["note"] = "a test" });
        continued.Restore(Safetensors.Load(file), stopped.Step);
        Run(continued, 7);

        Assert.Equal(Numbers(uninterrupted), Numbers(continued));
        Assert.NotEqual(Numbers(stopped), Numbers(continued));
        Assert.Equal("a test", Safetensors.LoadMetadata(file)["note"]);
    }

    [SkippableFact]
    public void The_steps_are_those_of_AdamW()
    {
        NeedLibtorch.OrSkip();
        const double rate = 0.1, decay = 0.05;
        using var network = nn.Linear(1, 1, hasBias: false);
        using (no_grad())
            network.weight!.copy_(tensor([0.5f]));   // not null: every linear layer has weights
        double weight = 0.5, m = 0, v = 0;
        var taken = 0;
        using var loop = new TrainingLoop(
            network, new TrainingSchedule(8, 1, rate, decay, step => 1 - 0.1 * step),
            _ => new BatchLoss((network.weight * tensor([Slopes[taken++]])).sum(), zeros(1)));

        for (var step = 1; step <= Slopes.Length; step++)
        {
            loop.Next();
            var now = rate * (1 - 0.1 * (step - 1));
            var gradient = (double)Slopes[step - 1];
            weight *= 1 - now * decay;
            m = 0.9 * m + 0.1 * gradient;
            v = 0.999 * v + 0.001 * gradient * gradient;
            weight -= now * (m / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v / (1 - Math.Pow(0.999, step))) + 1e-8);
        }

        Assert.Equal(weight, network.weight.ToArray()[0], 1e-5);
    }

    [SkippableFact]
    public void Gradients_longer_than_one_are_cut_to_one_together()
    {
        NeedLibtorch.OrSkip();
        using var network = nn.Linear(2, 1, hasBias: false);
        using var loop = new TrainingLoop(
            network, new TrainingSchedule(1, 1, 0.1, 0, _ => 1), _ => new BatchLoss((network.weight! * tensor([3f, 4f])).sum(), zeros(1)));

        loop.Next();

        // not null: a step was done
        Assert.All(network.weight!.grad!.ToArray().Zip([0.6f, 0.8f]), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
    }

    [SkippableFact]
    public void A_state_of_another_network_is_refused_with_every_difference()
    {
        NeedLibtorch.OrSkip();
        using var loop = Loop();
        using var larger = nn.Linear(Inputs + 2, Outputs, hasBias: false);
        using var other = new TrainingLoop(larger, new TrainingSchedule(1, 1, 0.1, 0, _ => 1), _ => throw new InvalidOperationException());

        var text = Assert.Throws<ArgumentException>(() => loop.Restore(other.State(), 1)).Message;

        Assert.Contains("'network.bias' is missing", text, StringComparison.Ordinal);
        Assert.Contains("'optimizer.exp_avg.1' is missing", text, StringComparison.Ordinal);
        Assert.Contains("'network.weight' is [2, 5], expected [2, 3]", text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_file_of_weights_that_is_cut_is_refused()
    {
        NeedLibtorch.OrSkip();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "weights.safetensors");
        using var network = nn.Linear(Inputs, Outputs);
        Safetensors.Save(file, network.state_dict());

        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^4]);

        Assert.Throws<InvalidDataException>(() => Safetensors.Load(file));
    }

    [Fact]
    public void The_program_carries_no_native_part_of_TorchSharp()
    {
        var libraries = Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories).Select(Path.GetFileName)
            .ToList();

        Assert.Contains("TorchSharp.dll", libraries);
        Assert.DoesNotContain(libraries, name => name!.Contains("LibTorchSharp", StringComparison.Ordinal)
            || name.StartsWith("libtorch", StringComparison.Ordinal));
    }

    private static TrainingLoop Loop()
    {
        manual_seed(5);
        var network = nn.Linear(Inputs, Outputs);
        return new TrainingLoop(network, new TrainingSchedule(10, 5, 0.05, 0.01, step => 1 / (1.0 + step)), random =>
        {
            var x = randn(8, Inputs);
            var wanted = x.narrow(1, 0, Outputs) * random.NextDouble();
            var loss = (network.forward(nn.functional.dropout(x, 0.1)) - wanted).square().mean();
            return new BatchLoss(loss, loss.detach());
        });
    }

    private static void Run(TrainingLoop loop, int until)
    {
        while (loop.Step < until)
            loop.Next();
    }

    private static float[] Numbers(TrainingLoop loop) =>
        [.. loop.State().OrderBy(t => t.Key, StringComparer.Ordinal).SelectMany(t => t.Value.ToArray())];
}
