using Pipeline.Actors.Inference;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;
using Pipeline.Tests.Torch;
using Pipeline.Training.Export;
using Pipeline.Training.Serving;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Inference;

/// <summary>libtorch as the second way to run a package, on the CPU. No test here has a GPU.</summary>
public sealed class TorchSessionTests
{
    private const float Tolerance = 1e-4f;
    private static readonly int[] Sizes = [1, 4, 16];

    [SkippableTheory]
    [InlineData("heart-rate")]
    [InlineData("qrs")]
    public void A_package_gives_the_same_on_libtorch_as_on_ONNX_Runtime_window_after_window(string name)
    {
        Libtorch.Need();
        var folder = Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), name);
        using var onnx = ModelPackage.Load(folder).Open(Sizes);
        using var torchSession = new TorchSession(File.ReadAllBytes(Path.Combine(folder, ModelPackage.NetworkFile)), "cpu", Sizes);

        AssertSame(onnx, torchSession);
    }

    [SkippableFact]
    public void Every_operator_of_the_exporter_gives_the_same_on_libtorch_as_on_ONNX_Runtime()
    {
        Libtorch.Need();
        var network = EveryOperator();
        using var onnx = new OnnxSession(network, Sizes);
        using var torchSession = new TorchSession(network, "cpu", Sizes);

        AssertSame(onnx, torchSession);
    }

    [SkippableFact]
    public async Task The_same_workers_serve_by_libtorch()
    {
        Libtorch.Need();
        var network = EveryOperator();
        using var telemetry = new InferenceTelemetry();
        using var answered = new SemaphoreSlim(0);
        await using var workers = new InferenceWorkers(
            "test@1", sizes => new TorchSession(network, "cpu", sizes), new InferenceOptions { MaxBatch = 8, Workers = 2 }, TimeProvider.System, telemetry);
        var owner = new InferenceOwner();
        var requests = Enumerable.Range(0, 20).Select(_ => workers.NewRequest(owner, _ => answered.Release())).ToArray();

        foreach (var request in requests)
            Assert.True(workers.TryPost(request));
        foreach (var _ in requests)
            await answered.WaitAsync();

        Assert.All(requests, r => Assert.Equal((InferenceOutcome.Answered, requests[0].Output[0]), (r.Outcome, r.Output[0])));
    }

    [SkippableFact]
    public void A_device_that_is_not_there_is_refused_with_what_to_do()
    {
        Libtorch.Need();
        Skip.If(cuda.is_available(), "this machine has a GPU");

        var fault = Assert.Throws<InvalidDataException>(() => new TorchSession(EveryOperator(), "cuda:1", Sizes).Dispose()).Message;

        Assert.Contains("cuda:1: this libtorch sees no CUDA device", fault, StringComparison.Ordinal);
        Assert.Contains("set the device to cpu", fault, StringComparison.Ordinal);
        Assert.Contains("'tpu' is not known", Assert.Throws<InvalidDataException>(() => new TorchSession(EveryOperator(), "tpu", Sizes).Dispose()).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void An_operator_that_is_not_known_is_named()
    {
        Libtorch.Need();
        var graph = new OnnxGraph("test");
        graph.Output("output", graph.Unary("Erf", graph.Input("input", 3)), 3);

        Assert.Contains("'Erf'", Assert.Throws<InvalidDataException>(() => new TorchSession(graph.ToBytes(), "cpu", Sizes).Dispose()).Message, StringComparison.Ordinal);
    }

    private static void AssertSame(IModelSession onnx, TorchSession other)
    {
        Assert.Equal((onnx.InputLength, onnx.StateLength, onnx.OutputLength), (other.InputLength, other.StateLength, other.OutputLength));
        var random = new Random(8);
        foreach (var rows in new[] { 1, 3, 16 })
        {
            var (mine, theirs) = (new float[rows * onnx.StateLength], new float[rows * onnx.StateLength]);
            for (var window = 0; window < 5; window++)
            {
                var input = Enumerable.Range(0, rows * onnx.InputLength).Select(_ => 2 * random.NextSingle()).ToArray();
                var (wanted, found) = (new float[rows * onnx.OutputLength], new float[rows * onnx.OutputLength]);
                onnx.Forward(rows, input, mine, wanted, mine);
                other.Forward(rows, input, theirs, found, theirs);
                Assert.All(wanted.Zip(found), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
                Assert.All(mine.Zip(theirs), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            }
        }
    }

    private static byte[] EveryOperator()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        manual_seed(3);
        using var norm = nn.BatchNorm1d(4);
        norm.running_mean.normal_(0, 1);
        norm.running_var.uniform_(0.5, 2);
        using var lstm = nn.LSTM(6, 5);
        var graph = new OnnxGraph("test");
        var x = graph.Input("input", 2, 12);
        var state = graph.Input("state", 10);
        // 16 outputs: written in two dimensions, also strided, dilated, added and used in both forms.
        var wide = graph.Relu(graph.Conv1d(x, randn(16, 2, 3), randn(16), padding: 1));
        wide = graph.Add(wide, graph.Conv1d(wide, randn(16, 16, 3) * 0.2, null, padding: 2, dilation: 2));
        x = graph.Add(graph.Conv1d(x, randn(4, 2, 3), randn(4), stride: 1, padding: 2, dilation: 2), graph.Conv1d(wide, randn(4, 16, 3) * 0.2, null, padding: 1));
        x = graph.BatchNorm(x, norm);
        x = graph.MaxPool1d(graph.Relu(x), 2, 2);
        var flat = graph.Reshape(graph.Conv2d(graph.Reshape(x, 0, 1, 4, 6), randn(1, 1, 2, 1), null, [2, 1], [0, 0]), -1, 12);
        var pooled = graph.Concat(1, graph.Mean(x, 2), graph.Slice(graph.Max(x, 2), 1, 1, 3));
        var weights = lstm.parameters().ToList();
        var (h, c) = graph.LstmStep(pooled, graph.Slice(state, 1, 0, 5), graph.Slice(state, 1, 5, 10), weights[0], weights[1], weights[2], weights[3]);
        var positive = graph.Add(graph.Unary("Exp", graph.Clip(flat, -1, 1)), graph.Unary("Softplus", flat));
        var output = graph.Concat(1, graph.Softmax(graph.Linear(h, randn(7, 5), randn(7)), 1), graph.Sub(graph.Log(positive), graph.Mul(graph.Scalar(0.5), graph.Unary("Tanh", flat))));
        var strided = graph.Mean(graph.Conv1d(wide, randn(16, 16, 3) * 0.2, randn(16), stride: 2), 2);
        graph.Output("output", graph.Concat(1, output, strided), 35);
        graph.Output("next_state", graph.Concat(1, h, c), 10);
        return graph.ToBytes();
    }
}
