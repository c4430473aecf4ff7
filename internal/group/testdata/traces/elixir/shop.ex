defmodule Shop.Store do
  def find(id), do: Map.get(%{1 => %{lines: [1], owner: nil}}, id)
  def owner_name(id), do: String.length(find(id).owner)
  def last_line([line]), do: line
  def visit(ids), do: Enum.map(ids, fn id -> find(id).owner end)
  def charge(id), do: raise(RuntimeError, "the card of order #{id} was declined")
end

defmodule Shop.Worker do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_call({:charge, id}, _from, state), do: {:reply, Shop.Store.charge(id), state}
end

defmodule Shop do
  def run("owner"), do: [Shop.Store.owner_name(1)]
  def run("clause"), do: [Shop.Store.last_line([1, 2])]
  def run("closure"), do: Shop.Store.visit([4, 5])
  def run("charge"), do: [Shop.Store.charge(System.unique_integer([:positive]) + 4000)]
  def run("match"), do: [{:ok, _} = Shop.Store.find(1)]

  def run("server") do
    {:ok, worker} = GenServer.start(Shop.Worker, [])
    catch_exit(fn -> GenServer.call(worker, {:charge, 4711}) end)
    Process.sleep(200)
  end

  def run("task") do
    Task.start(fn -> Shop.Store.charge(4711) end)
    Process.sleep(200)
  end

  def run("spawn") do
    spawn(fn -> Shop.Store.owner_name(1) end)
    Process.sleep(200)
  end

  def run("logged") do
    require Logger

    try do
      Shop.Store.owner_name(1)
    rescue
      e -> Logger.error(Exception.format(:error, e, __STACKTRACE__))
    end

    Logger.flush()
  end

  defp catch_exit(f) do
    f.()
  catch
    :exit, _ -> :ok
  end
end

Shop.run(hd(System.argv()))
