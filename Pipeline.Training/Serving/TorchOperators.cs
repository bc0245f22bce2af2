using Pipeline.Training.Export.Onnx;
using static TorchSharp.torch;

namespace Pipeline.Training.Serving;

/// <summary>A node with the values that it takes.</summary>
internal readonly struct TorchNode(NodeProto node, Dictionary<string, Tensor> values, Dictionary<string, long[]> integers)
{
    /// <summary>Input <paramref name="i"/>.</summary>
    public Tensor this[int i] => values[node.Input[i]];

    /// <summary>How many inputs it has.</summary>
    public int Count => node.Input.Count;

    /// <summary>Input <paramref name="i"/> when it is there.</summary>
    public Tensor? Find(int i) => i < node.Input.Count && node.Input[i].Length > 0 ? values[node.Input[i]] : null;

    /// <summary>Input <paramref name="i"/>, a constant list of integers.</summary>
    public long[] Integers(int i) => integers[node.Input[i]];

    /// <summary>An attribute that is a list.</summary>
    public long[] List(string name, params long[] otherwise) => Attribute(name) is { } found ? [.. found.Ints] : otherwise;

    /// <summary>An attribute that is a number.</summary>
    public long Integer(string name, long otherwise) => Attribute(name)?.I ?? otherwise;

    /// <summary>An attribute that is a number.</summary>
    public float Number(string name, float otherwise) => Attribute(name)?.F ?? otherwise;

    private AttributeProto? Attribute(string name) => node.Attribute.FirstOrDefault(a => a.Name == name);
}

/// <summary>The operators of opset 17 that exported networks use, in libtorch's words.</summary>
internal static class TorchOperators
{
    /// <summary>By ONNX name.</summary>
    public static IReadOnlyDictionary<string, Func<TorchNode, Tensor>> Known { get; } = new Dictionary<string, Func<TorchNode, Tensor>>
    {
        ["Add"] = n => n[0] + n[1],
        ["BatchNormalization"] = Normalise,
        ["Clip"] = n => n[0].maximum(n[1]).minimum(n[2]),
        ["Concat"] = n => cat([.. Enumerable.Range(0, n.Count).Select(i => n[i])], n.Integer("axis", 0)),
        ["Conv"] = Convolve,
        ["Div"] = n => n[0] / n[1],
        ["Exp"] = n => n[0].exp(),
        ["Gemm"] = n => nn.functional.linear(n[0], n.Integer("transB", 0) == 1 ? n[1] : n[1].t(), n.Find(2)),
        ["Identity"] = n => n[0],
        ["MaxPool"] = n => nn.functional.max_pool1d(n[0], n.List("kernel_shape")[0], n.List("strides", 1)[0]),
        ["Mul"] = n => n[0] * n[1],
        ["ReduceLogSum"] = n => n[0].sum(n.List("axes")[0], n.Integer("keepdims", 1) == 1).log(),
        ["ReduceMax"] = n => n[0].max(n.List("axes")[0], n.Integer("keepdims", 1) == 1).values,
        ["ReduceMean"] = n => n[0].mean(n.List("axes"), n.Integer("keepdims", 1) == 1),
        ["Relu"] = n => n[0].relu(),
        ["Reshape"] = Reshape,
        ["Sigmoid"] = n => n[0].sigmoid(),
        ["Slice"] = Slice,
        ["Softmax"] = n => n[0].softmax(n.Integer("axis", -1)),
        ["Softplus"] = n => nn.functional.softplus(n[0]),
        ["Squeeze"] = n => n[0].squeeze(n.Integers(1)[0]),
        ["Sub"] = n => n[0] - n[1],
        ["Tanh"] = n => n[0].tanh(),
        ["Unsqueeze"] = n => n[0].unsqueeze(n.Integers(1)[0]),
    };

    private static Tensor Convolve(TorchNode n)
    {
        var pads = n.List("pads", 0, 0, 0, 0);
        return n[1].dim() == 3
            ? nn.functional.conv1d(n[0], n[1], n.Find(2), n.List("strides", 1)[0], pads[0], n.List("dilations", 1)[0], n.Integer("group", 1))
            : nn.functional.conv2d(n[0], n[1], n.Find(2), n.List("strides", 1, 1), pads[..2], n.List("dilations", 1, 1), n.Integer("group", 1));
    }

    private static Tensor Normalise(TorchNode n)
    {
        var shape = n[0].shape.Select((_, i) => i == 1 ? -1L : 1L).ToArray();
        var scale = n[1] / (n[4] + n.Number("epsilon", 1e-5f)).sqrt();
        return (n[0] - n[3].reshape(shape)) * scale.reshape(shape) + n[2].reshape(shape);
    }

    private static Tensor Reshape(TorchNode n)
    {
        var given = n[0].shape;
        return n[0].reshape([.. n.Integers(1).Select((length, i) => length == 0 ? given[i] : length)]);
    }

    private static Tensor Slice(TorchNode n)
    {
        var x = n[0];
        var (starts, ends, axes) = (n.Integers(1), n.Integers(2), n.Integers(3));
        for (var i = 0; i < axes.Length; i++)
        {
            var length = x.shape[axes[i]];
            var (start, end) = (Math.Min(starts[i], length), Math.Min(ends[i], length));
            x = x.narrow(axes[i], start, end - start);
        }
        return x;
    }
}
