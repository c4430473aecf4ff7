-module(shop).
-export([run/1, init/1, handle_call/3, handle_cast/2, charge/1, worker/1]).
-behaviour(gen_server).

init(State) -> {ok, State}.
handle_call({charge, Id}, _From, State) -> {reply, charge(Id), State}.
handle_cast(_, State) -> {noreply, State}.

charge(Id) -> error({declined, Id}).
find(Id) -> maps:get(Id, #{1 => order}).
visit(Ids) -> lists:map(fun(Id) -> [find(Id)] end, Ids).
worker(Parent) -> proc_lib:init_ack(Parent, {ok, self()}), {ok, _} = find(1).

run(server) ->
    {ok, Pid} = gen_server:start(?MODULE, [], []),
    catch gen_server:call(Pid, {charge, 4711}),
    timer:sleep(300);
run(crash) ->
    proc_lib:start(?MODULE, worker, [self()]),
    timer:sleep(300);
run(spawn) ->
    spawn(fun() -> visit([8, 9]) end),
    timer:sleep(300).
