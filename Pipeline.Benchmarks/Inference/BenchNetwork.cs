using Pipeline.Host.Networks;
using Pipeline.Models.Packages;
using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using static TorchSharp.torch;

namespace Pipeline.Benchmarks.Inference;

/// <summary>A network to be served: its ONNX file and seeded rows of input.</summary>
/// <param name="Name">As it stands in metrics.</param>
/// <param name="Open">A session for some batch sizes.</param>
internal sealed record BenchNetwork(string Name, Func<IReadOnlyList<int>, IModelSession> Open)
{
    private const int Seed = 4;

    /// <summary>A package that ships.</summary>
    public static BenchNetwork Shipped(NetworkKind kind)
    {
        var folder = Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there."), kind.Folder);
        var package = ModelPackage.Load(folder);
        return new BenchNetwork(kind.Task, sizes => package.Open(sizes));
    }

    /// <summary>
    /// Four raw signals at 125 Hz for 8 s, four convolutions, a mean over time, an LSTM of 320 units, a probability over 86 rates: 703,126
    /// weights, which are seeded and mean nothing. Null without libtorch, whose exporter writes it.
    /// </summary>
    public static BenchNetwork? CnnLstm()
    {
        if (Libtorch.Fault is not null)
            return null;
        var onnx = WriteCnnLstm();
        return new BenchNetwork("cnn_lstm", sizes => new OnnxSession(onnx, sizes));
    }

    /// <summary>Rows whose numbers are between 0 and 2, as spectra divided by their mean are.</summary>
    public static float[][] Rows(int count, int length)
    {
        var random = new Random(Seed);
        var rows = new float[count][];
        for (var i = 0; i < count; i++)
        {
            rows[i] = new float[length];
            for (var j = 0; j < length; j++)
                rows[i][j] = 2 * random.NextSingle();
        }
        return rows;
    }

    private static byte[] WriteCnnLstm()
    {
        const int hidden = 320, features = 128, outputs = 86;
        using var scope = NewDisposeScope();
        using var still = no_grad();
        manual_seed(Seed);
        using var conv1 = nn.Conv1d(4, 32, 7, stride: 2, padding: 3);
        using var conv2 = nn.Conv1d(32, 64, 5, stride: 2, padding: 2);
        using var conv3 = nn.Conv1d(64, features, 5, stride: 2, padding: 2);
        using var conv4 = nn.Conv1d(features, features, 3, stride: 2, padding: 1);
        using var lstm = nn.LSTM(features, hidden);
        using var head = nn.Linear(hidden, outputs);
        var graph = new OnnxGraph("cnn_lstm");
        var x = graph.Input("input", 4, 1000);
        var state = graph.Input("state", 2 * hidden);
        x = graph.Relu(graph.Conv1d(x, conv1.weight, conv1.bias!, stride: 2, padding: 3));
        x = graph.Relu(graph.Conv1d(x, conv2.weight, conv2.bias!, stride: 2, padding: 2));
        x = graph.Relu(graph.Conv1d(x, conv3.weight, conv3.bias!, stride: 2, padding: 2));
        x = graph.Relu(graph.Conv1d(x, conv4.weight, conv4.bias!, stride: 2, padding: 1));
        var weights = lstm.parameters().ToList();
        var (h, c) = graph.LstmStep(
            graph.Mean(x, 2), graph.Slice(state, 1, 0, hidden), graph.Slice(state, 1, hidden, 2 * hidden), weights[0], weights[1], weights[2], weights[3]);
        graph.Output("output", graph.Softmax(graph.Linear(h, head.weight, head.bias!), 1), outputs);
        graph.Output("next_state", graph.Concat(1, h, c), 2 * hidden);
        return graph.ToBytes();
    }
}
