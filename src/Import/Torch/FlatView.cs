using System.Globalization;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

/// <summary>
/// Lays an object tree out flat: keys, attribute names and list positions joined by dots, as in "image_optimizer.state.0.exp_avg".
/// </summary>
internal sealed class FlatView
{
    private const int MaxDepth = 64;
    private const int MaxVisits = 1_000_000; // a small pickle can share parts so often that its tree never ends
    private const int MaxCharacters = 16_000_000; // of all names together

    private readonly string _file;
    private int _visits;
    private long _characters;

    private FlatView(string file) => _file = file;

    /// <summary>The tensors, renamed to their place in the tree.</summary>
    public Dictionary<string, StoredTensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Everything else: null, bool, long, double, string or byte[].</summary>
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Flattens a tree.</summary>
    /// <exception cref="InvalidDataException">The root is not a dictionary or module, names clash, or the tree is too large or contains
    /// itself.</exception>
    public static FlatView Of(object? root, string file)
    {
        if (root is not (PickleDictionary or PickleObject))
            throw new InvalidDataException(
                $"'{file}' holds a {Describe(root)}, expected a dictionary of tensors: save it with torch.save(model.state_dict(), ...)."
            );
        FlatView view = new(file);
        view.Visit("", root, 0);
        return view;
    }

    private void Visit(string name, object? value, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException(
                $"'{_file}' is nested deeper than {MaxDepth} levels at '{Text.Shorten(name)}', or contains itself: it is not a "
                    + $"checkpoint of weights."
            );
        if (++_visits > MaxVisits || (_characters += name.Length) > MaxCharacters)
            throw new InvalidDataException(
                $"'{_file}' unfolds to more than {MaxVisits} values or {MaxCharacters} characters of names: it is not a checkpoint "
                    + $"of weights."
            );

        switch (value)
        {
            case PickleObject o:
                Visit(name, o.State, depth + 1);
                break;
            case PickleDictionary dictionary:
                foreach ((object key, object? item) in dictionary)
                    Visit(Join(name, Convert.ToString(key, CultureInfo.InvariantCulture) ?? ""), item, depth + 1);
                break;
            case IReadOnlyList<object?> items and (List<object?> or object?[]):
                for (int i = 0; i < items.Count; i++)
                    Visit(Join(name, i.ToString(CultureInfo.InvariantCulture)), items[i], depth + 1);
                break;
            case StoredTensor tensor:
                Add(Tensors, name, tensor.Renamed(name));
                break;
            case PickleGlobal or PickleStorage:
                break; // a class or a bare storage says nothing by itself
            default:
                Add(Values, name, value);
                break;
        }
    }

    private void Add<T>(Dictionary<string, T> to, string name, T value)
    {
        if (Tensors.ContainsKey(name) || Values.ContainsKey(name))
            throw new InvalidDataException($"'{_file}' has two entries that both unfold to '{Text.Shorten(name)}': rename one.");
        to.Add(name, value);
    }

    private static string Join(string name, string key) => name.Length == 0 ? key : $"{name}.{key}";

    private static string Describe(object? root) =>
        root switch
        {
            null => "None",
            StoredTensor => "single tensor",
            List<object?> => "list",
            object?[] => "tuple",
            string => "text",
            _ => "single value",
        };
}
