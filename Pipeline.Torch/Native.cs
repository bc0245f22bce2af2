using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>What a boxed value is; the numbers are those of <c>torch_shim.cpp</c>.</summary>
internal enum ValueKind
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    IntList = 5,
    DoubleList = 6,
    TensorList = 7,
    String = 8,
    Missing = 9,
}

/// <summary>One boxed value, laid out as in <c>torch_shim.cpp</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Value
{
    public ValueKind Kind;
    public int Count;
    public long Integer;
    public double Number;
    public nint Pointer;
}

/// <summary>libtorch, through the one library that <c>./pipeline</c> builds. Errors become exceptions with libtorch's own text.</summary>
internal static partial class Native
{
    private const string Library = "pipeline_torch";

    static Native()
    {
        // libgomp's threads spin while they wait and starve their neighbours; it reads this only when it is loaded, from the C environment.
        _ = SetEnvironment("OMP_WAIT_POLICY", "passive", 0);
        KeepMemory();
    }

    [LibraryImport(Library, EntryPoint = "pt_find", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Find(string name, string overload, out nint operatorHandle);

    [LibraryImport(Library, EntryPoint = "pt_call")]
    internal static unsafe partial int Call(nint operatorHandle, Value* arguments, int argumentCount, Value* results, int capacity, out int resultCount);

    [LibraryImport(Library, EntryPoint = "pt_from_memory")]
    internal static unsafe partial int FromMemory(nint data, long* sizes, int dims, int dtype, delegate* unmanaged<nint, void> release, nint context, out nint tensor);

    [LibraryImport(Library, EntryPoint = "pt_free")]
    internal static partial void Free(nint tensor);

    [LibraryImport(Library, EntryPoint = "pt_alias")]
    internal static partial nint Alias(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_dims")]
    internal static partial int Dims(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_sizes")]
    internal static unsafe partial void Sizes(TensorHandle tensor, long* sizes);

    [LibraryImport(Library, EntryPoint = "pt_numel")]
    internal static partial long ElementCount(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_dtype")]
    internal static partial int DType(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_is_contiguous")]
    internal static partial int IsContiguous(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_device")]
    internal static partial int Device(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_data")]
    internal static partial nint Data(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_requires_grad")]
    internal static partial int RequiresGrad(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_is_leaf")]
    internal static partial int IsLeaf(TensorHandle tensor);

    [LibraryImport(Library, EntryPoint = "pt_set_requires_grad")]
    internal static partial int SetRequiresGrad(TensorHandle tensor, int on);

    [LibraryImport(Library, EntryPoint = "pt_grad")]
    internal static partial int Grad(TensorHandle tensor, out nint gradient);

    [LibraryImport(Library, EntryPoint = "pt_set_grad")]
    internal static partial int SetGrad(TensorHandle tensor, nint gradient);

    [LibraryImport(Library, EntryPoint = "pt_backward")]
    internal static partial int Backward(TensorHandle tensor, nint gradient);

    [LibraryImport(Library, EntryPoint = "pt_to")]
    internal static partial int To(TensorHandle tensor, int device, int index, int dtype, out nint moved);

    [LibraryImport(Library, EntryPoint = "pt_grad_enabled")]
    internal static partial int GradEnabled();

    [LibraryImport(Library, EntryPoint = "pt_set_grad_enabled")]
    internal static partial void SetGradEnabled(int on);

    [LibraryImport(Library, EntryPoint = "pt_manual_seed")]
    internal static partial int ManualSeed(long seed);

    [LibraryImport(Library, EntryPoint = "pt_set_num_threads")]
    internal static partial void SetThreadCount(int count);

    [LibraryImport(Library, EntryPoint = "pt_num_threads")]
    internal static partial int ThreadCount();

    [LibraryImport(Library, EntryPoint = "pt_cuda_is_available")]
    internal static partial int CudaIsAvailable();

    [LibraryImport(Library, EntryPoint = "pt_cuda_synchronize")]
    internal static partial int CudaSynchronize();

    /// <summary>Throws what libtorch said when <paramref name="status"/> is not 0.</summary>
    internal static void Check(int status)
    {
        if (status == 0)
            return;
        var text = Marshal.PtrToStringUTF8(LastError()) ?? "libtorch failed without a text";
        throw status switch
        {
            2 => new IndexOutOfRangeException(text),
            3 => new NotImplementedException(text),
            4 => new ArgumentException(text),
            5 => new InvalidCastException(text),
            6 => new OutOfMemoryException(text),
            _ => new ExternalException(text),
        };
    }

    [LibraryImport(Library, EntryPoint = "pt_last_error")]
    private static partial nint LastError();

    [LibraryImport(Library, EntryPoint = "pt_keep_memory")]
    private static partial void KeepMemory();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

/// <summary>One reference to a tensor of libtorch's.</summary>
internal sealed class TensorHandle : SafeHandle
{
    public TensorHandle(nint tensor)
        : base(0, ownsHandle: true) => SetHandle(tensor);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Native.Free(handle);
        return true;
    }
}

/// <summary>An operator by its schema name, found once in a process.</summary>
internal sealed class Operator
{
    private const int UsualResults = 64;   // more only where a list of more tensors goes in, or split makes them: then it is refused with a text
    private const int StackWords = 512;
    private static readonly ConcurrentDictionary<(string Name, string Overload), Operator> Found = new(new ByLetters());
    private readonly nint _handle;

    private Operator(string name, string overload)
    {
        Native.Check(Native.Find(name, overload, out _handle));
    }

    public static Operator Get(string name, string overload = "") => Found.GetOrAdd((name, overload), static key => new Operator("aten::" + key.Name, key.Overload));

    /// <summary>Calls it; every tensor of the answer is registered with the current dispose scope. Lists are copied to the stack: nothing is pinned.</summary>
    [SkipLocalsInit]
    public unsafe torch.Tensor[] Call(params ReadOnlySpan<Argument> arguments)
    {
        var (words, longest) = (0, UsualResults);
        foreach (ref readonly var argument in arguments)
        {
            words += argument.Words;
            longest = Math.Max(longest, argument.Words);
        }
        Span<long> lists = words <= StackWords ? stackalloc long[words] : new long[words];
        Span<Value> values = stackalloc Value[arguments.Length];
        Span<Value> results = longest == UsualResults ? stackalloc Value[UsualResults] : new Value[longest];
        var held = 0;
        try
        {
            int status, count;
            fixed (long* at = lists)
            fixed (Value* a = values, r = results)
            {
                var next = at;
                for (var i = 0; i < arguments.Length; i++)
                    a[i] = arguments[i].Box(ref next, ref held);
                status = Native.Call(_handle, a, values.Length, r, results.Length, out count);
            }
            Native.Check(status);
            var tensors = new torch.Tensor[count];
            for (var i = 0; i < count; i++)
                tensors[i] = results[i].Kind == ValueKind.Tensor && results[i].Pointer != 0 ? new torch.Tensor(results[i].Pointer) : null!;   // an undefined tensor is null
            return tensors;
        }
        finally
        {
            foreach (ref readonly var argument in arguments)
                argument.Release(ref held);
        }
    }

    /// <summary>Calls an operator with one tensor as answer.</summary>
    public torch.Tensor One(params ReadOnlySpan<Argument> arguments) => Call(arguments)[0];

    /// <summary>Looked up with every call: a few letters tell the names apart sooner than a hash of all.</summary>
    private sealed class ByLetters : IEqualityComparer<(string Name, string Overload)>
    {
        public bool Equals((string Name, string Overload) x, (string Name, string Overload) y) => x.Name == y.Name && x.Overload == y.Overload;

        public int GetHashCode((string Name, string Overload) key)
        {
            var (name, length) = (key.Name, key.Name.Length);
            return ((((name[0] * 31 + name[length / 2]) * 31 + name[length - 1]) * 31 + length) * 31 + key.Overload.Length) * 31 + (key.Overload.Length > 0 ? key.Overload[^1] : 0);
        }
    }
}

/// <summary>An argument of an operator, before it is boxed. Tensors are referenced from boxing to release: disposing them meanwhile is no race.</summary>
internal readonly struct Argument
{
    public readonly ValueKind Kind;
    public readonly long Integer;
    public readonly double Number;
    public readonly object? Reference;

    private Argument(ValueKind kind, long integer = 0, double number = 0, object? reference = null)
    {
        Kind = kind;
        Integer = integer;
        Number = number;
        Reference = reference;
    }

    /// <summary>Let the schema's default stand.</summary>
    public static Argument Default => new(ValueKind.Missing);

    public static Argument None => new(ValueKind.None);

    public static implicit operator Argument(torch.Tensor? tensor) => tensor is null ? None : new(ValueKind.Tensor, reference: tensor.Handle);

    public static implicit operator Argument(long value) => new(ValueKind.Int, value);

    public static implicit operator Argument(int value) => new(ValueKind.Int, value);

    public static implicit operator Argument(double value) => new(ValueKind.Double, number: value);

    public static implicit operator Argument(bool value) => new(ValueKind.Bool, value ? 1 : 0);

    public static implicit operator Argument(long[]? values) => values is null ? None : new(ValueKind.IntList, reference: values);

    public static implicit operator Argument(double[] values) => new(ValueKind.DoubleList, reference: values);

    public static implicit operator Argument(torch.Tensor[] tensors) => new(ValueKind.TensorList, reference: tensors.Select(t => t.Handle).ToArray());

    public static implicit operator Argument(torch.ScalarType? type) => type is null ? None : new(ValueKind.Int, (long)type.Value);

    public static implicit operator Argument(string text) => new(ValueKind.String, reference: Encoding.UTF8.GetBytes(text));

    /// <summary>Words of memory that its list takes.</summary>
    public int Words => Kind switch
    {
        ValueKind.IntList or ValueKind.DoubleList or ValueKind.TensorList => ((Array)Reference!).Length,
        ValueKind.String => ((byte[])Reference!).Length / sizeof(long) + 1,
        _ => 0,
    };

    /// <summary>The value for the native call; a list goes to <paramref name="next"/>. Each tensor that is referenced is counted.</summary>
    public unsafe Value Box(ref long* next, ref int held)
    {
        var value = new Value { Kind = Kind, Integer = Integer, Number = Number };
        if (Kind == ValueKind.Tensor)
        {
            value.Pointer = Hold((TensorHandle)Reference!, ref held);
            return value;
        }
        if (Words == 0)
            return value;
        value.Pointer = (nint)next;
        value.Count = Words;
        var list = new Span<long>(next, Words);
        next += Words;
        switch (Reference)
        {
            case long[] numbers:
                numbers.CopyTo(list);
                break;
            case double[] numbers:
                MemoryMarshal.Cast<double, long>(numbers).CopyTo(list);
                break;
            case byte[] text:
                list.Clear();
                text.CopyTo(MemoryMarshal.AsBytes(list));
                break;
            case TensorHandle[] tensors:
                for (var i = 0; i < tensors.Length; i++)
                    list[i] = Hold(tensors[i], ref held);
                break;
        }
        return value;
    }

    /// <summary>Gives back what <see cref="Box"/> referenced, in the same order, until <paramref name="held"/> is 0.</summary>
    public void Release(ref int held)
    {
        if (held > 0 && Reference is TensorHandle one)
        {
            one.DangerousRelease();
            held--;
        }
        else if (Reference is TensorHandle[] all)
        {
            for (var i = 0; i < all.Length && held > 0; i++, held--)
                all[i].DangerousRelease();
        }
    }

    private static nint Hold(TensorHandle tensor, ref int held)
    {
        var added = false;
        tensor.DangerousAddRef(ref added);
        held++;
        return tensor.DangerousGetHandle();
    }
}
