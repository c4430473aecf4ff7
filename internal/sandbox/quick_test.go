package sandbox
import ("testing";"time";"encoding/json")
func TestQuick(t *testing.T){
 r,err:=Run(t.Context(),Command{Dir:t.TempDir(),Shell:"id; pwd; ls -la / /etc /dev /home; env; ps aux; cat /proc/self/status | grep -i -E 'cap|secc|nonew'; ulimit -a; mount; git --version; touch x",Policy:Require,Timeout:time.Minute})
 t.Log(err); t.Log(r.Output); r.Output=""; t.Logf("%+v",r)
 b,_:=json.MarshalIndent(Detect(t.Context()),""," "); t.Log(string(b))
}
