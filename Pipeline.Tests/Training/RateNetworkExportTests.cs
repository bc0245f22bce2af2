using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Torch;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Training;

public sealed class RateNetworkExportTests
{
    [SkippableFact]
    public void The_exported_network_answers_as_the_trained_one_over_a_stream_of_windows()
    {
        NeedLibtorch.OrSkip();
        using var scope = NewDisposeScope();
        using var still = no_grad();
        manual_seed(5);
        using var network = new RateNetwork();
        foreach (var parameter in network.parameters())
            parameter.add_(randn(parameter.shape), 0.05);   // nothing stays at a zero that would hide a wrong path
        const int rows = 3;
        using var session = new OnnxSession(network.ToOnnx(), [1, rows]);
        var input = new float[rows * session.InputLength];
        var (state, next, output) =
            (new float[rows * session.StateLength], new float[rows * session.StateLength], new float[rows * session.OutputLength]);
        var known = RateState.From(full([rows, RateFeatures.RateCount], (1.0 / RateFeatures.RateCount)));
        for (var window = 0; window < 6; window++)
        {
            var x = randn(rows, RateFeatures.InputRowCount, RateFeatures.RateCount);
            x.ToArray().CopyTo(input, 0);
            var answer = network.Step(network.Filter(), network.Encode(x), known);
            known = answer.Next;

            session.Forward(rows, input, state, output, next);
            next.CopyTo(state, 0);

            var (expected, certain) = (answer.Answer.ToArray(), answer.Trust.sigmoid().ToArray());
            for (var r = 0; r < rows; r++)
            {
                for (var k = 0; k < RateFeatures.RateCount; k++)
                    Assert.Equal(expected[r * RateFeatures.RateCount + k], output[r * RateNetwork.OutputLength + k], 1e-5f);
                Assert.Equal(certain[r], output[r * RateNetwork.OutputLength + RateFeatures.RateCount], 1e-5f);
            }
        }
    }

    [SkippableFact]
    public void A_row_of_nothing_but_NaN_leaves_the_other_rows_as_they_are()
    {
        NeedLibtorch.OrSkip();
        using var network = new RateNetwork();
        using var session = new OnnxSession(network.ToOnnx(), [2]);
        var random = new Random(1);
        var input = Enumerable.Range(0, 2 * session.InputLength).Select(_ => random.NextSingle()).ToArray();
        var state = new float[2 * session.StateLength];
        var (clean, spoilt) = (new float[2 * session.OutputLength], new float[2 * session.OutputLength]);
        var next = new float[state.Length];
        session.Forward(2, input, state, clean, next);
        input.AsSpan(0, session.InputLength).Fill(float.NaN);

        session.Forward(2, input, state, spoilt, next);

        Assert.Equal(clean[session.OutputLength..], spoilt[session.OutputLength..]);
        Assert.All(spoilt[..session.OutputLength], value => Assert.True(float.IsNaN(value)));
    }
}
