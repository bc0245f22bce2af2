using Pipeline.Models.Estimators.Beats;
using Pipeline.Models.Packages;
using Pipeline.Tests.Support;
using Pipeline.Tests.Torch;
using Pipeline.Training.Autoencoder;
using TorchSharp;
using Xunit;

namespace Pipeline.Tests.Training;

/// <summary>The autoencoder as trained against its ONNX file.</summary>
[Collection(nameof(SeededTraining))]
public sealed class AutoencoderExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Windows of 3, 0, 8 and 1 beats are one sequence of 12; the second lead has others.
    [SkippableFact]
    public void A_package_says_over_windows_what_the_trained_network_says_over_the_sequence()
    {
        NeedLibtorch.OrSkip();
        torch.manual_seed(11);
        using var network = new BeatAutoencoder();
        AutoencoderTrainer.Save(_folder.Path, "test", network, new Dictionary<string, string>());
        using var model = new EcgAutoencoder(ModelPackage.Load(_folder.Path));
        var random = new Random(4);
        const int all = 12, numbers = BeatRow.InputNumbers, points = BeatRow.Points;
        float[][] beats = [.. Enumerable.Range(0, BeatRow.Leads * all).Select(_ => Enumerable.Range(0, numbers).Select(k => k == 0 ? 1 : (float)random.NextDouble() - 0.5f).ToArray())];
        using var still = torch.no_grad();
        float[] Of(Func<torch.Tensor, torch.Tensor> run) => run(torch.tensor(beats.SelectMany(b => b).ToArray(), [BeatRow.Leads, all, numbers]).transpose(0, 1).contiguous()).contiguous().data<float>().ToArray();
        var (reconstructed, denoised) = (Of(network.Reconstruct), Of(network.Denoise));
        var (input, state, output) = (new float[model.InputLength], new float[model.StateLength], new float[model.OutputLength]);

        var first = 0;
        foreach (var count in new[] { 3, 0, 8, 1 })
        {
            Array.Clear(input);
            for (var lead = 0; lead < BeatRow.Leads; lead++)
                for (var slot = 0; slot < count; slot++)
                    beats[lead * all + first + slot].CopyTo(BeatRow.Input(input, lead, slot));
            BeatRow.Own(state, 1)[0] = 5 + first;
            model.Forward(input, state, output);

            Assert.Equal(5 + first, BeatRow.Own(state, 1)[0]);
            for (var lead = 0; lead < BeatRow.Leads; lead++)
                for (var slot = 0; slot < count; slot++)
                {
                    var answer = BeatRow.Output(output, lead, slot);
                    var at = ((first + slot) * BeatRow.Leads + lead) * points;
                    var beat = beats[lead * all + first + slot].AsSpan(numbers - points);
                    double whole = 0;
                    for (var p = 0; p < points; p++)
                    {
                        whole += BeatAutoencoder.Sections[p] * Math.Pow(beat[p] - reconstructed[at + p], 2);
                        Assert.Equal(denoised[at + p], answer[2 + p], 1e-4f);
                    }
                    Assert.Equal(whole, answer[0], 1e-4);
                }
            first += count;
        }
    }
}
