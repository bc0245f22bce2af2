using Pipeline.Training.Export;
using Pipeline.Training.Torch;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Pipeline.Training.HeartRate.Zoo;

/// <summary>
/// Attention over the last 30 windows (Vaswani et al. 2017, arXiv:1706.03762), small: a convolution along the rates makes 32 numbers of each
/// window, two heads choose which windows count, by content and by age, and a dense layer follows; residuals about both. BeliefPPG
/// (Bieri et al. 2023, arXiv:2306.07730) uses attention for this task, in a much larger network. State: the numbers of the last 29 windows, and
/// a 1 for each that there was.
/// </summary>
public sealed class WindowAttention : ZooNetwork
{
    private const int Width = 32, Heads = 2, HeadWidth = Width / Heads, Context = 30;
    private const float Absent = -20;       // logit of a window that there was not

    private readonly WindowEncoder _encoder = new(Width);
    private readonly Linear _query;
    private readonly Conv1d _key;           // one wide, over windows
    private readonly Conv1d _value;
    private readonly Linear _joined;
    private readonly Linear _inner;
    private readonly Linear _outer;
    private readonly Parameter _age;        // [heads, 30]: the present window is the last one

    /// <summary>An untrained one.</summary>
    public WindowAttention()
        : base(nameof(WindowAttention), Width, (Width + 1) * (Context - 1))
    {
        _query = nn.Linear(Width, Width);
        _key = nn.Conv1d(Width, Width, 1);
        _value = nn.Conv1d(Width, Width, 1);
        _joined = nn.Linear(Width, Width);
        _inner = nn.Linear(Width, 2 * Width);
        _outer = nn.Linear(2 * Width, Width);
        _age = new Parameter(zeros(Heads, Context));
        register_module("encoder", _encoder);
        register_module("query", _query);
        register_module("key", _key);
        register_module("value", _value);
        register_module("joined", _joined);
        register_module("inner", _inner);
        register_module("outer", _outer);
        register_parameter("age", _age);
    }

    /// <inheritdoc/>
    protected override long BodyFlop => _encoder.Flop + new nn.Module[] { _query, _joined, _inner, _outer }.Sum(layer => ZooLayers.Flop(layer))
        + ZooLayers.Flop(_key, Context) + ZooLayers.Flop(_value, Context) + 4L * Context * Width;

    /// <inheritdoc/>
    protected override (Tensor Width, Tensor Next) Body(Tensor input, Tensor state)
    {
        var x = _encoder.Forward(input);                                                                     // [B, W, 32]
        var windows = x.size(1);
        var fresh = cat([x, ones_like(x.narrow(2, 0, 1))], 2).transpose(1, 2);                               // [B, 33, W]
        var all = cat([state.reshape(-1, Width + 1, Context - 1), fresh], 2);
        var tokens = all.narrow(1, 0, Width);
        Tensor Seen(Tensor rows) => rows.unfold(2, Context, 1).transpose(1, 2);                              // [B, W, rows, 30]
        Tensor Split(Tensor rows) => Seen(rows).reshape(-1, windows, Heads, HeadWidth, Context);
        var there = Seen((all.narrow(1, Width, 1) - 1) * -Absent);                                           // [B, W, 1, 30]
        var query = _query.forward(x).reshape(-1, windows, Heads, 1, HeadWidth) * (1 / Math.Sqrt(HeadWidth));
        var weight = (query.matmul(Split(_key.forward(tokens))).squeeze(3) + _age + there).softmax(3);       // [B, W, heads, 30]
        var chosen = Split(_value.forward(tokens)).matmul(weight.unsqueeze(4)).reshape(-1, windows, Width);
        x = x + _joined.forward(chosen);
        return (x + _outer.forward(_inner.forward(x).relu()), all.narrow(2, all.size(2) - (Context - 1), Context - 1).flatten(1));
    }

    /// <inheritdoc/>
    protected override (string Width, string Next) Body(OnnxGraph graph, string input, string state)
    {
        string Dense(Linear layer, string x) => graph.Linear(x, layer.weight, layer.bias!);
        string Along(Conv1d layer, string x) => graph.Conv1d(x, layer.weight, layer.bias!);
        var x = _encoder.Forward(graph, input);
        var one = graph.Add(graph.Mul(graph.Slice(x, 1, 0, 1), graph.Scalar(0)), graph.Scalar(1));           // of each row of the batch
        var all = graph.Concat(
            2, graph.Reshape(state, -1, Width + 1, Context - 1), graph.Reshape(graph.Concat(1, x, one), -1, Width + 1, 1));
        var tokens = graph.Slice(all, 1, 0, Width);
        var there = graph.Mul(graph.Sub(graph.Slice(all, 1, Width, Width + 1), graph.Scalar(1)), graph.Scalar(-Absent));
        var query = graph.Mul(Dense(_query, x), graph.Scalar(1 / Math.Sqrt(HeadWidth)));
        var (key, value, chosen) = (Along(_key, tokens), Along(_value, tokens), new string[Heads]);
        for (var head = 0; head < Heads; head++)
        {
            string Part(string rows) => graph.Slice(rows, 1, (long)head * HeadWidth, (head + 1L) * HeadWidth);
            var fit = graph.MatMul(graph.Reshape(Part(query), -1, 1, HeadWidth), Part(key));                 // [B, 1, 30]
            var weight = graph.Softmax(graph.Add(graph.Add(fit, graph.Constant(_age[head].ToArray(), 1, 1, Context)), there), 2);
            chosen[head] = graph.Reshape(graph.MatMul(Part(value), graph.Reshape(weight, -1, Context, 1)), -1, HeadWidth);
        }
        x = graph.Add(x, Dense(_joined, graph.Concat(1, chosen)));
        return (graph.Add(x, Dense(_outer, graph.Relu(Dense(_inner, x)))),
            graph.Reshape(graph.Slice(all, 2, 1, Context), -1, (Width + 1) * (Context - 1)));
    }
}
