using System.Runtime.InteropServices;
using Google.Protobuf;
using Pipeline.Training.Export.Onnx;
using Pipeline.Training.Torch;
using TorchSharp;

namespace Pipeline.Training.Export;

/// <summary>
/// Writes a network as an ONNX file (opset 17): one method an operator, each returning the name of its result. The first dimension of every
/// input and output is the batch, left open.
/// </summary>
public sealed class OnnxGraph
{
    private const long Opset = 17;
    private const int Float = 1;
    private const int Int64 = 7;

    // ONNX Runtime blocks the channels of a convolution over two dimensions for the vector unit, 16 at a time, but not those of one over one
    // dimension: 1.6 times as fast where the outputs fill whole blocks, slower where they do not.
    private const int ChannelBlock = 16;

    private readonly GraphProto _graph;
    private readonly Dictionary<string, string> _wide = [];     // [batch, channels, length] → the same as [batch, channels, 1, length]
    private readonly HashSet<string> _narrow = [];              // of these, the ones that somebody wanted without the 1
    private int _next;

    /// <summary>Begins a graph.</summary>
    public OnnxGraph(string name) => _graph = new GraphProto { Name = name };

    /// <summary>Declares an input [batch, <paramref name="row"/>].</summary>
    public string Input(string name, params ReadOnlySpan<long> row)
    {
        _graph.Input.Add(Describe(name, row));
        return name;
    }

    /// <summary>Declares <paramref name="value"/> to be the output <paramref name="name"/> [batch, <paramref name="row"/>].</summary>
    public void Output(string name, string value, params ReadOnlySpan<long> row)
    {
        Narrow(value);
        _graph.Node.Add(new NodeProto { OpType = "Identity", Input = { value }, Output = { name }, Name = $"output_{name}" });
        _graph.Output.Add(Describe(name, row));
    }

    /// <summary>A constant of float32.</summary>
    public string Constant(ReadOnlySpan<float> values, params ReadOnlySpan<long> shape) =>
        Store(MemoryMarshal.AsBytes(values), Float, shape);

    /// <summary>A tensor's present numbers as a constant.</summary>
    public string Constant(torch.Tensor tensor) => Constant(tensor.ToArray(), tensor.shape);

    /// <summary>A constant list of int64.</summary>
    public string Integers(params ReadOnlySpan<long> values) => Store(MemoryMarshal.AsBytes(values), Int64, [values.Length]);

    /// <summary>
    /// Convolution over the last dimension with zero padding, of the channels in <paramref name="groups"/>; in two dimensions, of which one
    /// is 1, where that is faster.
    /// </summary>
    public string Conv1d(
        string x, torch.Tensor weight, torch.Tensor? bias, long stride = 1, long padding = 0, long dilation = 1, long groups = 1)
    {
        (string, object)[] grouped = groups == 1 ? [] : [("group", groups)];
        var (outputs, inputs, kernel) = (weight.shape[0], weight.shape[1], weight.shape[2]);
        string[] rest = bias is null ? [] : [Constant(bias)];
        if (outputs % ChannelBlock != 0)
            return Node(
                "Conv", [x, Constant(weight), .. rest],
                [("kernel_shape", new[] { kernel }), ("strides", new[] { stride }), ("pads", new[] { padding, padding }),
                ("dilations", new[] { dilation }), .. grouped]);
        return View(Node(
            "Conv", [Wide(x), Constant(weight.ToArray(), outputs, inputs, 1, kernel), .. rest],
            [("kernel_shape", new[] { 1, kernel }), ("strides", new[] { 1, stride }), ("pads", new[] { 0, padding, 0, padding }),
            ("dilations", new[] { 1, dilation }), .. grouped]));
    }

    /// <summary>x · weightᵀ + bias for x [batch, in], weight [out, in] (PyTorch's linear).</summary>
    public string Linear(string x, torch.Tensor weight, torch.Tensor? bias)
    {
        var inputs = bias is null ? new[] { x, Constant(weight) } : [x, Constant(weight), Constant(bias)];
        return Node("Gemm", inputs, ("transB", 1L));
    }

    /// <summary>Matrix product of the last two dimensions, the others in parallel.</summary>
    public string MatMul(string a, string b) => Node("MatMul", [a, b]);

    /// <summary>
    /// One step of one LSTM layer for x [batch, in], h and c [batch, hidden], by PyTorch's weights (gates i f g o). Returns (h, c).
    /// </summary>
    public (string H, string C) LstmStep(
        string x, string h, string c, torch.Tensor weightInput, torch.Tensor weightHidden, torch.Tensor biasInput, torch.Tensor biasHidden)
    {
        var hidden = weightHidden.shape[1];
        var gates = Add(Linear(x, weightInput, biasInput), Linear(h, weightHidden, biasHidden));
        string Gate(int index, string function) => Unary(function, Slice(gates, 1, index * hidden, (index + 1) * hidden));
        var next = Add(Mul(Gate(1, "Sigmoid"), c), Mul(Gate(0, "Sigmoid"), Gate(2, "Tanh")));
        return (Mul(Gate(3, "Sigmoid"), Unary("Tanh", next)), next);
    }

    /// <summary>x[:, ..., start:end, ...] along <paramref name="axis"/>.</summary>
    public string Slice(string x, long axis, long start, long end) => Node("Slice", [x, Integers(start), Integers(end), Integers(axis)]);

    /// <summary>The tensors behind each other along <paramref name="axis"/>.</summary>
    public string Concat(long axis, params string[] parts) => Node("Concat", parts, ("axis", axis));

    /// <summary>Another shape; 0 keeps a dimension, −1 is what is left.</summary>
    public string Reshape(string x, params ReadOnlySpan<long> shape) => Node("Reshape", [x, Integers(shape)]);

    /// <summary>Softmax along <paramref name="axis"/>.</summary>
    public string Softmax(string x, long axis) => Node("Softmax", [x], ("axis", axis));

    /// <summary>
    /// Mean along <paramref name="axis"/>, which goes. ONNX Runtime adds in an order that depends on the address, so a batch row of
    /// <paramref name="x"/> must be a multiple of 64 bytes long, or its last bits depend on its place in the batch; where it is not, use
    /// <see cref="Linear"/> with ones.
    /// </summary>
    public string Mean(string x, long axis) => Node("ReduceMean", [x], ("axes", new[] { axis }), ("keepdims", 0L));

    /// <summary>Greatest along <paramref name="axis"/>, which goes.</summary>
    public string Max(string x, long axis) => Node("ReduceMax", [x], ("axes", new[] { axis }), ("keepdims", 0L));

    /// <summary>a + b, broadcast.</summary>
    public string Add(string a, string b) =>
        _wide.TryGetValue(a, out var left) && _wide.TryGetValue(b, out var right) ? View(Node("Add", [left, right])) : Node("Add", [a, b]);

    /// <summary>a · b element by element, broadcast.</summary>
    public string Mul(string a, string b) => Node("Mul", [a, b]);

    /// <summary>a − b, broadcast.</summary>
    public string Sub(string a, string b) => Node("Sub", [a, b]);

    /// <summary>a / b, broadcast.</summary>
    public string Div(string a, string b) => Node("Div", [a, b]);

    /// <summary>max(x, 0).</summary>
    public string Relu(string x) => _wide.TryGetValue(x, out var wide) ? View(Unary("Relu", wide)) : Unary("Relu", x);

    /// <summary>x limited to [low, high].</summary>
    public string Clip(string x, double low, double high) => Node("Clip", [x, Constant([(float)low], []), Constant([(float)high], [])]);

    /// <summary>
    /// Natural logarithm, element by element, as the sum over a new dimension of 1: ONNX Runtime's own <c>Log</c> (and <c>Softplus</c>)
    /// gives the last elements of the whole batch in other bits than the rest, so that a row would depend on its place in the batch.
    /// </summary>
    public string Log(string x) => Node("ReduceLogSum", [Node("Unsqueeze", [x, Integers(-1)])], ("axes", new[] { -1L }), ("keepdims", 0L));

    /// <summary>An operator of one operand without attributes: Relu, Sigmoid, Tanh, Exp; not Log, see <see cref="Log"/>.</summary>
    public string Unary(string type, string x) => Node(type, [x]);

    /// <summary>A constant number.</summary>
    public string Scalar(double value) => Constant([(float)value], 1);

    /// <summary>The file's bytes; the same graph gives the same bytes.</summary>
    public byte[] ToBytes()
    {
        var model = new ModelProto { IrVersion = 8, ProducerName = "pipeline", ProducerVersion = "1", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        return model.ToByteArray();
    }

    private string Node(string type, string[] inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        foreach (var input in inputs)
            Narrow(input);
        var node = new NodeProto { OpType = type, Name = $"{type.ToLowerInvariant()}_{_next++}" };
        node.Input.Add(inputs);
        node.Output.Add(node.Name);
        foreach (var (name, value) in attributes)
            node.Attribute.Add(Attribute(name, value));
        _graph.Node.Add(node);
        return node.Name;
    }

    private string Wide(string x) => _wide.TryGetValue(x, out var wide) ? wide : _wide[x] = Node("Unsqueeze", [x, Integers(2)]);

    /// <summary>The name of <paramref name="wide"/> without its dimension of 1; written only when somebody asks for it.</summary>
    private string View(string wide)
    {
        var name = $"{wide}_view";
        _wide.Add(name, wide);
        return name;
    }

    private void Narrow(string value)
    {
        if (!_wide.TryGetValue(value, out var wide) || value != $"{wide}_view" || !_narrow.Add(value))
            return;
        _graph.Node.Add(new NodeProto { OpType = "Squeeze", Input = { wide, Integers(2) }, Output = { value }, Name = value });
    }

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        long number => new AttributeProto { Name = name, Type = 2, I = number },
        float number => new AttributeProto { Name = name, Type = 1, F = number },
        long[] numbers => new AttributeProto { Name = name, Type = 7, Ints = { numbers } },
        _ => throw new ArgumentException($"An attribute of type {value.GetType().Name} is not known.", nameof(value)),
    };

    private string Store(ReadOnlySpan<byte> raw, int type, ReadOnlySpan<long> shape)
    {
        var tensor = new TensorProto { Name = $"constant_{_next++}", DataType = type, RawData = ByteString.CopyFrom(raw) };
        foreach (var dimension in shape)
            tensor.Dims.Add(dimension);
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private static ValueInfoProto Describe(string name, ReadOnlySpan<long> row)
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "batch" } } };
        foreach (var dimension in row)
            shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = dimension });
        var type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = Float, Shape = shape } };
        return new ValueInfoProto { Name = name, Type = type };
    }
}
